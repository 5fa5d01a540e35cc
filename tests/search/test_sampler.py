import numpy as np
import pytest

from edgecompress.search.allocation import Allocation, LayerPlace
from edgecompress.search.curves import Curve
from edgecompress.search.records import Trial
from edgecompress.search.sampler import propose
from edgecompress.search.space import space

ALLOWED = 1.0


@pytest.fixture
def where(layers):
    own = Allocation(tuple(layers()), (LayerPlace(-1.0, 5), LayerPlace(-3.0, 4), LayerPlace(-2.0, 5)))
    flat = Curve(np.array([-4.0, 0.0]), np.array([1.0, 0.0]), 4.0 ** -np.arange(1.0, 9.0))
    return space(own, dict.fromkeys(("conv", "wide", "narrow"), flat), allowed=None)


def trial(number, point):
    """A made-up network: smaller loses more, and the guide helps."""
    size = point["size"]
    return Trial(
        number=number, origin="sampled", parameters=point, layers={}, bytes=int(10_000 * 2**size),
        drop=max(0.0, 2 - 1.5 * point["guide:density"] - 2 * size),
    )  # fmt: skip


def run(where, count, budget=None):
    trials = [trial(n, where.point(point)) for n, point in enumerate(where.starts()[:3])]
    for number in range(3, count):
        point = propose(where, trials, number=len(trials), seed=1, allowed_drop=ALLOWED, size_budget=budget)
        trials.append(trial(number, point))
    return trials


def test_it_finds_smaller_ones_that_keep_the_drop(where):
    trials = run(where, 40)
    good = [each.bytes for each in trials if each.drop <= ALLOWED]
    assert min(good) < 0.95 * min(each.bytes for each in trials[:3] if each.drop <= ALLOWED)
    assert np.mean([each.drop <= ALLOWED for each in trials[20:]]) > 0.3


def test_the_same_trials_and_seed_give_the_same_proposal(where):
    trials = run(where, 12)
    assert trials == run(where, 12)
    ask = {"allowed_drop": ALLOWED, "size_budget": None}
    assert propose(where, trials, number=9, seed=1, **ask) == propose(where, list(trials), number=9, seed=1, **ask)
    assert propose(where, trials, number=9, seed=2, **ask) != propose(where, trials, number=9, seed=1, **ask)
    assert propose(where, trials, number=10, seed=1, **ask) != propose(where, trials, number=9, seed=1, **ask)


def test_trials_that_were_not_trained_or_are_out_of_bounds_do_no_harm(where):
    trials = run(where, 4)
    trials.append(trials[0].model_copy(update={"drop": None, "stopped": "over the size budget"}))
    trials.append(trials[0].model_copy(update={"parameters": {**trials[0].parameters, "size": 5.0}}))
    found = propose(where, trials, number=len(trials), seed=1, allowed_drop=ALLOWED, size_budget=9000)
    assert found.keys() == {*where.floats, *where.integers}
    for name, (low, high) in (where.floats | where.integers).items():
        assert low <= found[name] <= high
