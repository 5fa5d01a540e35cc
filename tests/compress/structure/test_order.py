import itertools

import pytest
import torch

from edgecompress.compress.structure.macs import Cost
from edgecompress.compress.structure.order import floor, order, together

COSTS = [Cost(100, ("a",)), Cost(3, ("a", "b")), Cost(20, ("b",))]


def test_floors_are_aligned_and_never_more_than_there_is():
    assert floor(64, align=8, layer_limit=0.9) == 8
    assert floor(64, align=8, layer_limit=0.5) == 32
    assert floor(100, align=8, layer_limit=0.5) == 56
    assert floor(6, align=8, layer_limit=0.9) == 6
    assert floor(12, align=8, layer_limit=0.0) == 12
    assert floor(10, align=1, layer_limit=0.99) == 1


def test_every_step_leaves_aligned_channels_and_says_what_is_left():
    scores = {"a": torch.rand(20), "b": torch.rand(32)}
    least = {"a": 8, "b": 8}
    left, steps = {"a": 20, "b": 32}, order(scores, COSTS, least, align=8)
    for step in steps:
        left[step.group] -= len(step.channels)
        assert left[step.group] % 8 == 0
        assert step.macs == sum(cost.of(left) for cost in COSTS)
    assert left == least


def test_the_lowest_scores_of_a_group_go_first():
    scores = {"a": torch.tensor([0.3, 0.1, 0.2, 0.4]), "b": torch.full((4,), 9.0)}
    steps = order(scores, COSTS, {"a": 1, "b": 4}, align=1)
    assert [step.channels for step in steps] == [(1,), (2,), (0,)]
    assert together(steps[:2]) == {"a": (1, 2)}


@pytest.mark.parametrize("seed", range(5))
def test_the_greedy_order_is_near_the_best_of_all_choices(seed):
    generator = torch.Generator().manual_seed(seed)
    scores = {name: torch.rand(6, generator=generator) for name in "ab"}
    steps = order(scores, COSTS, {"a": 1, "b": 1}, align=1)
    ranked = {name: sorted(values.tolist()) for name, values in scores.items()}

    def lost(name: str, left: int) -> float:
        """What a group lost: each score times the square of the group's channels over those left."""
        return sum(score * (6 / (5 - place)) ** 2 for place, score in enumerate(ranked[name][: 6 - left]))

    for count in (3, 6):
        gone = together(steps[:count])
        produced = sum(lost(name, 6 - len(channels)) for name, channels in gone.items())
        best = min(
            lost("a", a) + lost("b", b)
            for a, b in itertools.product(range(1, 7), repeat=2)
            if sum(cost.of({"a": a, "b": b}) for cost in COSTS) <= steps[count - 1].macs
        )
        assert produced <= 1.25 * best + 1e-6


def test_equal_channels_go_from_all_groups_and_not_from_the_one_that_saves_most():
    costs = [Cost(3, ("a", "b")), Cost(20, ("b",)), Cost(1, ("b", "c"))]
    scores = {name: torch.full((64,), 1 / 64) for name in "abc"}
    steps = order(scores, costs, dict.fromkeys("abc", 1), align=1)
    first = next(step for step in steps if step.macs <= 0.5 * sum(cost.of(dict.fromkeys("abc", 64)) for cost in costs))
    left = {name: 64 - len(channels) for name, channels in together(steps[: steps.index(first)]).items()}
    assert 32 <= left["b"] < left["a"] < 64
