"""The order in which channels go: those that cost least for the arithmetic that they save, some at a time.

To lose as little as possible for a budget of multiply-accumulates is a knapsack problem; taking the least score for
each multiply-accumulate that is saved is its greedy solution (Dantzig, "Discrete-variable extremum problems", 1957).
What a channel saves depends on how many are left in the layers around it, so it is computed anew after each step.

A score says what goes with a channel while all others stay. As a group narrows, fewer are left to stand in for what
goes, so a score counts times the square of the group's channels over those left. A layer's arithmetic is the product of
two groups' channels: without the factor, or with its root, it would cost as little to narrow one of them to its floor
as both of them, and a ResNet would lose all but the floor of the channels that residual connections add up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from edgecompress.compress.structure.macs import Cost


@dataclass(frozen=True)
class RemovalStep:
    """One removal.

    Attributes:
        group: whose channels go.
        channels: which, by their number before the first step.
        macs: multiply-accumulates of one sample that are left after it.
    """

    group: str
    channels: tuple[int, ...]
    macs: int


def floor(dense: int, *, align: int, layer_limit: float) -> int:
    """The least number of ``dense`` channels that a layer keeps: a multiple of ``align``, or all."""
    least = dense - int(layer_limit * dense)
    return min(dense, max(align, -(-least // align) * align))


def order(
    scores: Mapping[str, torch.Tensor],
    costs: Sequence[Cost],
    least: Mapping[str, int],
    *,
    align: int,
) -> list[RemovalStep]:
    """All removals, one after the other, until every group has its least number of channels.

    Args:
        scores: of each group's channels, (channels,).
        costs: of all layers.
        least: the number of channels that each group keeps, see ``floor``.
        align: each removal leaves a multiple of this.
    """
    ranked = {name: torch.argsort(values, stable=True).tolist() for name, values in scores.items()}
    values = {name: of.tolist() for name, of in scores.items()}
    left = {name: len(of) for name, of in scores.items()}
    touching = {name: [cost for cost in costs if name in cost.groups] for name in scores}
    total = sum(cost.of(left) for cost in costs)
    steps: list[RemovalStep] = []
    while True:
        best: tuple[float, str, int, int] | None = None
        for name, count in left.items():
            after = (count - 1) // align * align
            if after < least[name]:
                continue
            start = len(values[name]) - count
            lost = sum(values[name][channel] for channel in ranked[name][start : start + count - after])
            lost *= (len(values[name]) / after) ** 2
            saved = sum(cost.of(left) - cost.of({**left, name: after}) for cost in touching[name])
            if best is None or lost / max(1, saved) < best[0]:
                best = (lost / max(1, saved), name, after, saved)
        if best is None:
            return steps
        _, name, after, saved = best
        start = len(values[name]) - left[name]
        gone = tuple(ranked[name][start : start + left[name] - after])
        left[name], total = after, total - saved
        steps.append(RemovalStep(name, gone, total))


def together(steps: Sequence[RemovalStep]) -> dict[str, tuple[int, ...]]:
    """The channels of each group that go in ``steps``, ascending."""
    gone: dict[str, list[int]] = {}
    for step in steps:
        gone.setdefault(step.group, []).extend(step.channels)
    return {name: tuple(sorted(channels)) for name, channels in gone.items()}
