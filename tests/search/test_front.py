import pytest

from edgecompress.search.front import front, smallest
from edgecompress.search.records import Candidate, Trial


def trials(*pairs):
    return [
        Trial(number=n, origin="sampled", parameters={}, layers={}, bytes=size, drop=drop)
        for n, (size, drop) in enumerate(pairs)
    ]


def test_the_front_is_what_no_other_trial_beats():
    found = front(trials((90, 1.0), (50, 3.0), (50, 2.0), (70, 2.0), (10, None), (100, 1.0), (95, 0.0), (90, 1.0)))
    assert [each.number for each in found] == [2, 0, 6]


@pytest.mark.parametrize("least", range(9))
@pytest.mark.parametrize("first", range(8))
def test_halving_finds_the_smallest_that_holds(first, least):
    """``least`` is the first of eight that holds; 8: none does."""
    tried = trials(*((size, 0.0) for size in range(8)))
    runs = []

    def run(trial):
        runs.append(trial.number)
        return Candidate(trial=trial.number, bytes=trial.bytes, accuracy=0, drop=0, holds=trial.number >= least)

    found = smallest(tried, first=first, most=100, run=run)
    assert [each.trial for each in found] == runs
    assert len(set(runs)) == len(runs)
    holding = [each.trial for each in found if each.holds]
    assert min(holding, default=8) == least
    assert len(smallest(tried, first=first, most=2, run=run)) <= 2
