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
    for count in (3, 6):
        gone = together(steps[:count])
        lost = sum(float(scores[name][list(channels)].sum()) for name, channels in gone.items())
        budget = steps[count - 1].macs
        best = min(
            sum(ranked["a"][: 6 - a]) + sum(ranked["b"][: 6 - b])
            for a, b in itertools.product(range(1, 7), repeat=2)
            if sum(cost.of({"a": a, "b": b}) for cost in COSTS) <= budget
        )
        assert lost <= 1.25 * best + 1e-6
