import pytest

from edgecompress.compress.prune.schedules.iterative import iterative


def test_each_round_takes_the_same_fraction_of_what_is_left():
    left = [1 - iterative(part / 4, 0.9984, steps=4) for part in range(4)]
    assert left == pytest.approx([0.2, 0.04, 0.008, 0.0016])


def test_a_part_begins_with_its_round_and_trains_to_the_next():
    assert iterative(0.0, 0.9, steps=2) == iterative(0.49, 0.9, steps=2) == pytest.approx(1 - 0.1**0.5)
    assert iterative(0.5, 0.9, steps=2) == iterative(1.0, 0.9, steps=2) == 0.9


@pytest.mark.parametrize("steps", [3, 7, 10, 49])
def test_a_round_is_not_late_by_a_rounded_quotient(steps):
    total = 10 * steps
    rounds = [iterative(done / total, 0.9, steps=steps) for done in range(total)]
    assert [rounds.index(value) for value in sorted(set(rounds))] == [10 * k for k in range(steps)]


def test_everything_and_nothing():
    assert [iterative(part, 0.0) for part in (0.0, 0.5, 1.0)] == [0.0] * 3
    assert iterative(0.0, 1.0) == 1.0
