"""The end of a search: the front's most promising trials run through the recipe's full stages."""

from collections.abc import Sequence

from edgecompress.compress.stages.contract import Run
from edgecompress.progress import Progress
from edgecompress.search.front import smallest
from edgecompress.search.limits import Limits
from edgecompress.search.records import Candidate, Trial
from edgecompress.search.trial import TrialSubject, with_settings


def candidate(subject: TrialSubject, made: Run, limits: Limits, trial: int | None) -> Candidate:
    """The candidate that the full stages ended with."""
    size, accuracy = subject.file_bytes(made.last), made.stages[-1].accuracy
    drop = subject.drop(accuracy)
    return Candidate(trial=trial, bytes=size, accuracy=accuracy, drop=drop, holds=limits.hold(size, drop))


def run_candidates(
    subject: TrialSubject, front: Sequence[Trial], own: Candidate, limits: Limits, allowed: float
) -> list[Candidate]:
    """Find the smallest trial of the ``front`` that holds after the full stages, in few runs.

    What is not smaller than the recipe's ``own`` file is left out, if that holds; the first to be run is the smallest
    that loses at most ``allowed`` as a trial.
    """
    tried = [
        trial
        for trial in front
        if trial.number  # the first is the recipe's own allocation, and known
        and (limits.size_budget is None or trial.bytes <= limits.size_budget)
        and not (own.holds and trial.bytes >= own.bytes)
    ]
    if not tried:
        return []
    promising = [place for place, trial in enumerate(tried) if trial.drop is not None and trial.drop <= allowed]
    count = 0

    def run(trial: Trial) -> Candidate:
        nonlocal count
        count += 1
        progress = titled(f"candidate {count}", subject.context.progress)
        made = subject.full(with_settings(subject.recipe, trial.layers), progress)
        return candidate(subject, made, limits, trial.number)

    first = promising[0] if promising else len(tried) - 1
    return smallest(tried, first=first, most=subject.recipe.search.candidates, run=run)


def titled(prefix: str, progress: Progress) -> Progress:
    """``progress`` with ``prefix`` before every title."""

    def tell(title: str, done: int, total: int, note: str = "", /) -> None:
        progress(f"{prefix}: {title}", done, total, note)

    return tell
