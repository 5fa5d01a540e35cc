"""Masks: which weights stay. Chosen from scores so that the number of zeros is exact, then held."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from edgecompress.errors import InputError

Masks = dict[str, torch.Tensor]
Scores = NDArray[np.float32]


def choose(
    scores: Mapping[str, torch.Tensor],
    sparsity: float,
    *,
    scope: str = "global",
    own: Mapping[str, float] | None = None,
    layer_limit: float = 1.0,
) -> Masks:
    """Masks that keep the weights of highest score.

    Args:
        scores: one tensor a layer, any shape.
        sparsity: fraction of zeros, over all layers together (``scope`` "global") or in each ("layer").
        scope: "global" or "layer".
        own: layers with a sparsity of their own; they stand outside the global pool.
        layer_limit: no layer of the global pool gets sparser than this; what it keeps, others give.

    Returns:
        One boolean tensor a layer, true where the weight stays. The number of zeros is ``round(sparsity * weights)``
        exactly: among equal scores the last in memory order stay.

    Raises:
        InputError: a score is NaN, or the global sparsity cannot be reached within ``layer_limit``.
    """
    own = own or {}
    flat = {name: score.detach().float().cpu().numpy().ravel() for name, score in scores.items()}
    for name, values in flat.items():
        if np.isnan(values).any():
            raise InputError(
                f"layer '{name}' has weights that are not numbers; load a sound checkpoint or lower the rate"
            )
    drops = {name: _lowest([flat[name]], round(rate * flat[name].size)) for name, rate in own.items()}
    pool = {name: values for name, values in flat.items() if name not in own}
    if scope == "layer":
        drops |= {name: _lowest([values], round(sparsity * values.size)) for name, values in pool.items()}
    else:
        drops |= _share_out(pool, sparsity, layer_limit)
    return {
        name: torch.from_numpy(_keep(values, drops[name]).reshape(scores[name].shape)).to(scores[name].device)
        for name, values in flat.items()
    }


@dataclass(frozen=True)
class _Drop:
    """Which scores go: all below ``threshold``, and of those equal to it as many as make ``count``."""

    threshold: float
    count: int


def _share_out(pool: Mapping[str, Scores], sparsity: float, limit: float) -> dict[str, _Drop]:
    """What goes of each layer under one threshold.

    Layers beyond the limit are held at it, and the rest is shared among the others again, until none is beyond.
    """
    wanted = round(sparsity * sum(values.size for values in pool.values()))
    most = {name: int(limit * values.size) for name, values in pool.items()}
    if wanted > sum(most.values()):
        raise InputError(
            f"sparsity {sparsity} is more than layer_limit {limit} allows; raise layer_limit or lower sparsity"
        )
    held: dict[str, _Drop] = {}
    while True:
        free = {name: values for name, values in pool.items() if name not in held}
        drops = _per_layer(free, wanted - sum(drop.count for drop in held.values()))
        beyond = [name for name, drop in drops.items() if drop.count > most[name]]
        if not beyond:
            return held | drops
        held |= {name: _lowest([pool[name]], most[name]) for name in beyond}


def _per_layer(pool: Mapping[str, Scores], count: int) -> dict[str, _Drop]:
    """The ``count`` lowest scores of all layers together; of those equal to the threshold, first layer first."""
    threshold = _lowest(list(pool.values()), count).threshold
    below = {name: int(np.count_nonzero(values < threshold)) for name, values in pool.items()}
    missing = count - sum(below.values())
    for name, values in pool.items():
        equal = min(missing, int(np.count_nonzero(values == threshold)))
        below[name] += equal
        missing -= equal
    return {name: _Drop(threshold, number) for name, number in below.items()}


def _lowest(parts: list[Scores], count: int) -> _Drop:
    """The drop of the ``count`` lowest scores of ``parts`` together."""
    if count <= 0:
        return _Drop(-np.inf, 0)
    # Weights that are pruned already are the most and are all alike: a partition among them is slow, and not needed.
    least = min(values.min() for values in parts if values.size)
    others = np.concatenate([values[values != least] for values in parts])
    place = count - (sum(values.size for values in parts) - others.size) - 1
    return _Drop(float(least if place < 0 else np.partition(others, place)[place]), count)


def _keep(values: Scores, drop: _Drop) -> NDArray[np.bool_]:
    """True but for what is dropped: all below the threshold, and of those equal to it the first in memory order."""
    keep = values >= drop.threshold
    equal = np.flatnonzero(values == drop.threshold)
    keep[equal[: drop.count - (values.size - int(np.count_nonzero(keep)))]] = False
    return keep


def of_zeros(weights: Mapping[str, torch.Tensor]) -> Masks:
    """The masks that weights carry themselves: true where a weight is not zero."""
    return {name: weight.detach() != 0 for name, weight in weights.items()}


@torch.no_grad()
def apply(weights: Mapping[str, torch.Tensor], masks: Masks) -> None:
    """Set every masked weight to zero, in place. To +0.0: a product with the mask would leave -0.0, another value."""
    for name, mask in masks.items():
        weights[name].masked_fill_(~mask, 0.0)


def ratio(weights: Mapping[str, torch.Tensor]) -> float:
    """Weights / weights kept, the ratio that papers state. 1 where there are none; at least one counts as kept."""
    total = sum(weight.numel() for weight in weights.values())
    return total / max(1, sum(int(torch.count_nonzero(weight)) for weight in weights.values())) if total else 1.0


def sparsity(weights: Mapping[str, torch.Tensor]) -> float:
    """The fraction of zeros over all ``weights`` together; 0 where there are none."""
    total = sum(weight.numel() for weight in weights.values())
    return 1.0 - sum(int(torch.count_nonzero(weight)) for weight in weights.values()) / total if total else 0.0
