"""All trials of a search, one after the other."""

from collections.abc import Sequence

from edgecompress.search.journal import Journal
from edgecompress.search.limits import Limits
from edgecompress.search.records import Candidate, Trial
from edgecompress.search.sampler import propose
from edgecompress.search.space import Parameters, Space
from edgecompress.search.trial import Outcome, Subject, attempt


def run_trials(subject: Subject, where: Space, own: Candidate, limits: Limits, journal: Journal) -> list[Trial]:
    """The first ``limits.trials`` trials; those that the journal has already are not run again."""
    progress, total = subject.context.progress, limits.trials
    kept = journal.record.trials
    trials = list(kept[:total])
    for number in range(total):
        if number == len(trials):
            trials.append(_trial(subject, where, own, limits, trials))
            journal.keep(trials=trials)
        progress("search", number + 1, total, best(trials, own, limits))
    return trials


def best(trials: Sequence[Trial], own: Candidate, limits: Limits) -> str:
    """The smallest trial so far that keeps within the limits, in a few words."""
    allowed = limits.drop_of_trials(trials, own)
    good = [
        trial
        for trial in trials
        if trial.drop is not None
        and trial.drop <= allowed
        and (limits.size_budget is None or trial.bytes <= limits.size_budget)
    ]
    if not good:
        return "none within the limits yet"
    smallest = min(good, key=lambda trial: trial.bytes)
    return f"smallest so far {smallest.bytes:,} bytes with a drop of {smallest.drop:.2f} points"


def _trial(subject: Subject, where: Space, own: Candidate, limits: Limits, before: Sequence[Trial]) -> Trial:
    number, starts = len(before), where.starts()
    point = where.point(starts[number]) if number < len(starts) else _sampled(subject, where, own, limits, before)
    settings = where.allocation(point).settings()
    note = best(before, own, limits)

    def within(title: str, done: int, of: int, _: str = "", /) -> None:
        subject.context.progress("search", number, limits.trials, f"trial {number + 1}: {title} {done}/{of}; {note}")

    known = next((each for each in before if each.layers == settings), None)
    if known:  # points differ, and round to the same sparsities and bits
        outcome = Outcome(known.bytes, known.drop, known.stopped)
    else:
        budget = limits.size_budget if number else None  # the recipe's own is trained in any case
        outcome = attempt(subject, settings, size_budget=budget, progress=within)
    return Trial(
        number=number,
        origin="start" if number < len(starts) else "sampled",
        parameters=point,
        layers=settings,
        bytes=outcome.bytes,
        drop=outcome.drop,
        stopped=outcome.stopped,
    )


def _sampled(subject: Subject, where: Space, own: Candidate, limits: Limits, before: Sequence[Trial]) -> Parameters:
    allowed = limits.drop_of_trials(before, own)
    return propose(where, before, seed=subject.recipe.seed, allowed_drop=allowed, size_budget=limits.size_budget)
