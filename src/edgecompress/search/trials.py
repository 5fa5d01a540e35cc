"""All trials of a search: each worker takes the next, and waits at the end for those of the others."""

import time
from collections.abc import Callable, Sequence

from edgecompress.compress.record import drop_in_words
from edgecompress.search.ledger import TrialLedger
from edgecompress.search.limits import Limits
from edgecompress.search.records import Candidate, Trial
from edgecompress.search.sampler import propose
from edgecompress.search.space import Parameters, Space
from edgecompress.search.trial import TrialOutcome, TrialSubject, attempt

SECONDS_BETWEEN_LOOKS = 0.5


def run_trials(
    subject: TrialSubject,
    where: Space,
    own: Candidate,
    limits: Limits,
    ledger: TrialLedger,
    kept: Callable[[list[Trial]], None],
) -> list[Trial]:
    """The first ``limits.trials`` trials. Those that the ledger has are not run again; other workers may take some.

    ``kept`` is given all that are there, after each.
    """
    progress, total = subject.context.progress, limits.trials
    while True:
        trials = [trial for trial in ledger.finished() if trial.number < total]
        kept(trials)
        if trials:
            progress("search", len(trials), total, best(trials, own, limits))
        if len(trials) == total:
            return trials
        number = ledger.claim(total)
        if number is None:
            time.sleep(SECONDS_BETWEEN_LOOKS)  # the rest is with other workers; one may be lost yet
            continue
        try:
            ledger.keep(_trial(subject, where, own, limits, ledger, number))
        except BaseException:
            ledger.give_up()
            raise


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
    assert smallest.drop is not None
    return f"smallest so far {smallest.bytes:,} bytes with a drop of {drop_in_words(smallest.drop, limits.metric)}"


def _trial(
    subject: TrialSubject, where: Space, own: Candidate, limits: Limits, ledger: TrialLedger, number: int
) -> Trial:
    before, starts = ledger.finished(), where.starts()
    drawn = number >= len(starts)
    point = _sampled(subject, where, own, limits, before, number) if drawn else where.point(starts[number])
    settings = where.allocation(point).settings()
    note = best(before, own, limits)

    def within(title: str, done: int, of: int, _: str = "", /) -> None:
        ledger.beat()
        subject.context.progress("search", number, limits.trials, f"trial {number + 1}: {title} {done}/{of}; {note}")

    known = next((each for each in before if each.layers == settings), None)
    if known:  # points differ, and round to the same sparsities and bits
        outcome = TrialOutcome(known.bytes, known.drop, known.stopped)
    else:
        budget = limits.size_budget if number else None  # the recipe's own is trained in any case
        outcome = attempt(subject, settings, size_budget=budget, progress=within)
    return Trial(
        number=number,
        origin="sampled" if drawn else "start",
        parameters=point,
        layers=settings,
        bytes=outcome.bytes,
        drop=outcome.drop,
        stopped=outcome.stopped,
    )


def _sampled(
    subject: TrialSubject, where: Space, own: Candidate, limits: Limits, before: Sequence[Trial], number: int
) -> Parameters:
    earlier = [trial for trial in before if trial.number < number]
    allowed, seed = limits.drop_of_trials(earlier, own), subject.recipe.seed
    return propose(where, earlier, number=number, seed=seed, allowed_drop=allowed, size_budget=limits.size_budget)
