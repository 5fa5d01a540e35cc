import pytest

from edgecompress.compress.structure.search import DENSE, MeasuredRatio, fewest_steps, search

MACS = [1000 - 9 * step for step in range(101)]


def measured(time, spread=0.01):
    """Measures a machine whose latency is ``time`` of the multiply-accumulates, and counts."""
    asked = []

    def measure(steps):
        asked.append(steps)
        ratio = time(MACS[steps] / 1000)
        return MeasuredRatio(ratio, ratio * (1 - spread), ratio * (1 + spread))

    return measure, asked


def test_fewest_steps():
    assert fewest_steps(MACS, 1000) == 0
    assert fewest_steps(MACS, 991) == 1
    assert fewest_steps(MACS, 990) == 2
    assert fewest_steps(MACS, 1) == 100


@pytest.mark.parametrize("power", [0.5, 1.0, 1.7])
@pytest.mark.parametrize("fixed", [0.0, 0.05])
def test_the_whole_interval_is_below_the_target_and_not_far(power, fixed):
    measure, asked = measured(lambda part: fixed + (1 - fixed) * part**power)
    smallest = measure(100)
    for target in (0.4, 0.8):
        asked.clear()
        found = search(MACS, target, measure, now=DENSE, smallest=smallest)
        assert found.latency.high <= target
        assert found.latency.ratio >= 0.9 * target
        assert len(asked) <= 8
        assert found.steps in asked


def test_between_rounds_few_measurements_near_the_target_will_do():
    measure, asked = measured(lambda part: 0.1 + 0.9 * part**1.5)
    smallest = measure(100)
    asked.clear()
    found = search(MACS, 0.6, measure, now=DENSE, smallest=smallest, last=False)
    assert found.latency.ratio == pytest.approx(0.6, rel=0.1)
    assert found.steps in asked
    assert len(asked) <= 3


def test_what_is_fast_enough_loses_nothing():
    measure, asked = measured(lambda part: part)
    found = search(MACS, 0.5, measure, now=MeasuredRatio(0.48, 0.47, 0.49), smallest=MeasuredRatio(0.1, 0.1, 0.1))
    assert (found.steps, asked) == (0, [])


def test_only_the_smallest_is_fast_enough():
    measure, _ = measured(lambda part: 0.5 if part < 0.101 else 1.0)
    found = search(MACS, 0.6, measure, now=DENSE, smallest=measure(100))
    assert (found.steps, found.latency.ratio) == (100, 0.5)


def test_where_latencies_cannot_be_told_apart_it_still_ends():
    measure, asked = measured(lambda part: 1.0, spread=0.0)
    found = search(MACS, 0.999, measure, now=DENSE, smallest=MeasuredRatio(1.0, 0.9, 0.99))
    assert found.steps == 100
    assert len(asked) <= 8
