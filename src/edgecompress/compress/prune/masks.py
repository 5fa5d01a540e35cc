"""Masks: which weights stay. Chosen from scores so that the number of zeros is exact, then held."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from edgecompress.errors import InputError

Masks = dict[str, torch.Tensor]


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
    zeros = {name: round(rate * flat[name].size) for name, rate in own.items()}
    pool = {name: values for name, values in flat.items() if name not in own}
    if scope == "layer":
        zeros |= {name: round(sparsity * values.size) for name, values in pool.items()}
    else:
        zeros |= _share_out(pool, sparsity, layer_limit)
    return {
        name: torch.from_numpy(_keep(values, zeros[name]).reshape(scores[name].shape)).to(scores[name].device)
        for name, values in flat.items()
    }


def _share_out(pool: Mapping[str, NDArray[np.float32]], sparsity: float, limit: float) -> dict[str, int]:
    """How many zeros each layer gets under one threshold.

    Layers beyond the limit are held at it, and the rest is shared among the others again, until none is beyond.
    """
    wanted = round(sparsity * sum(values.size for values in pool.values()))
    most = {name: int(limit * values.size) for name, values in pool.items()}
    if wanted > sum(most.values()):
        raise InputError(
            f"sparsity {sparsity} is more than layer_limit {limit} allows; raise layer_limit or lower sparsity"
        )
    held: dict[str, int] = {}
    while True:
        free = {name: values for name, values in pool.items() if name not in held}
        counts = _below_threshold(free, wanted - sum(held.values()))
        beyond = [name for name, count in counts.items() if count > most[name]]
        if not beyond:
            return held | counts
        held |= {name: most[name] for name in beyond}


def _below_threshold(pool: Mapping[str, NDArray[np.float32]], count: int) -> dict[str, int]:
    """How many of the ``count`` lowest scores lie in each layer."""
    if not pool:
        return {}
    if count <= 0:
        return dict.fromkeys(pool, 0)
    threshold = np.partition(np.concatenate(list(pool.values())), count - 1)[count - 1]
    below = {name: int(np.count_nonzero(values < threshold)) for name, values in pool.items()}
    missing = count - sum(below.values())
    for name, values in pool.items():
        # Scores equal to the threshold fill what is missing, first layer first.
        equal = min(missing, int(np.count_nonzero(values == threshold)))
        below[name] += equal
        missing -= equal
    return below


def _keep(values: NDArray[np.float32], zeros: int) -> NDArray[np.bool_]:
    """True but for the ``zeros`` lowest values."""
    keep = np.ones(values.size, dtype=bool)
    if zeros >= values.size:
        keep[:] = False
    elif zeros > 0:
        threshold = np.partition(values, zeros - 1)[zeros - 1]
        keep = values > threshold
        surplus = int(np.count_nonzero(keep)) - (values.size - zeros)
        assert surplus <= 0, "values above the k-th smallest cannot be more than n - k"
        equal = np.flatnonzero(values == threshold)
        keep[equal[equal.size + surplus :]] = True
    return keep


def of_zeros(weights: Mapping[str, torch.Tensor]) -> Masks:
    """The masks that weights carry themselves: true where a weight is not zero."""
    return {name: weight.detach() != 0 for name, weight in weights.items()}


@torch.no_grad()
def apply(weights: Mapping[str, torch.Tensor], masks: Masks) -> None:
    """Set every masked weight to zero, in place. To +0.0: a product with the mask would leave -0.0, another value."""
    for name, mask in masks.items():
        weights[name].masked_fill_(~mask, 0.0)


def sparsity(weights: Mapping[str, torch.Tensor]) -> float:
    """The fraction of zeros over all ``weights`` together; 0 where there are none."""
    total = sum(weight.numel() for weight in weights.values())
    return 1.0 - sum(int(torch.count_nonzero(weight)) for weight in weights.values()) / total if total else 0.0
