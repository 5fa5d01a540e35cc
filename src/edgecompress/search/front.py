"""The Pareto front of trials, and which of it runs through the full stages, in which order."""

from collections.abc import Callable, Sequence

from edgecompress.search.records import Candidate, Trial


def front(trials: Sequence[Trial]) -> list[Trial]:
    """The trials that no other one beats in bytes and drop, smallest first; of equal ones the first."""
    found: list[Trial] = []
    least = float("inf")
    for trial in sorted(trials, key=lambda each: (each.bytes, each.drop or 0.0, each.number)):
        if trial.drop is not None and trial.drop < least:
            found.append(trial)
            least = trial.drop
    return found


def smallest(trials: Sequence[Trial], *, first: int, most: int, run: Callable[[Trial], Candidate]) -> list[Candidate]:
    """Run ``trials``, which are in the order of their size, until the smallest that holds is known.

    The one at ``first`` is run first. What is smaller than one that does not hold, or larger than one that does, is
    taken to be so too; what is between is halved. At most ``most`` are run.
    """
    fails, holds = -1, len(trials)
    found: list[Candidate] = []
    following = first
    while len(found) < most and fails + 1 < holds:
        found.append(run(trials[following]))
        if found[-1].holds:
            holds = following
        else:
            fails = following
        following = (fails + holds) // 2 if fails >= 0 else holds - 1
    return found
