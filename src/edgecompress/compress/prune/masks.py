"""Masks: which weights stay. Chosen from scores so that the number of zeros is exact, then held."""

from collections.abc import Iterable, Mapping

import numpy as np
import torch

from edgecompress import methods
from edgecompress.compress.prune import units
from edgecompress.compress.prune.patterns import UNSTRUCTURED, Blocks, Pattern
from edgecompress.compress.prune.scopes.contract import Scope, ScoredLayer
from edgecompress.compress.prune.threshold import PIECE, Scores, count_below, kth_lowest
from edgecompress.errors import InputError

SCOPES = "edgecompress.compress.prune.scopes"
Masks = dict[str, torch.Tensor]


def choose(
    scores: Mapping[str, torch.Tensor] | Iterable[tuple[str, torch.Tensor]],
    sparsity: float,
    *,
    scope: str = "global",
    own: Mapping[str, float] | None = None,
    layer_limit: float = 1.0,
    patterns: Mapping[str, Pattern] | None = None,
) -> Masks:
    """Masks that keep the weights of highest score.

    Args:
        scores: one tensor a layer, of the weight's shape. -inf is what is pruned already. Of a generator's pairs, a
            layer's scores are let go as soon as its mask is made.
        sparsity: fraction of zeros, over all layers together or in each, as ``scope`` shares them out.
        scope: the name of a method in ``scopes``.
        own: layers with a sparsity of their own; they stand outside what ``scope`` shares out.
        layer_limit: no layer gets sparser than this where the scope lets layers differ; what it keeps, others give.
        patterns: the pattern of a layer; any weight may go where there is none. Layers of one pattern share among
            themselves: a block's score is no measure for a single weight's. In N:M nothing is shared.

    Returns:
        One boolean tensor a layer, true where the weight stays. The number of zeros is ``round(sparsity * weights)``
        exactly (blocks in place of weights, where the pattern has blocks): among equal scores the last in the order of
        the weight's indices stay.

    Raises:
        InputError: a score is NaN or infinite, or the scope cannot reach the sparsity within ``layer_limit``.
    """
    own, patterns = own or {}, patterns or {}
    share: Scope = methods.find(SCOPES, scope)
    kept: dict[str, units.Mask] = {}
    devices: dict[str, torch.device] = {}
    pools: dict[Blocks, dict[str, ScoredLayer]] = {}
    for name, values in scores.items() if isinstance(scores, Mapping) else scores:
        devices[name] = values.device
        array, pattern = _array(name, values), patterns.get(name, UNSTRUCTURED)
        if not isinstance(pattern, Blocks):
            kept[name] = units.best_of_groups(array, pattern, own.get(name, sparsity))
        elif name in own:
            of_blocks = units.of_blocks(array, pattern)
            kept[name] = units.whole_blocks(_keep(of_blocks, round(own[name] * of_blocks.size)), array.shape, pattern)
        else:
            pools.setdefault(pattern, {})[name] = ScoredLayer(units.of_blocks(array, pattern), array.shape)
        del values, array  # the last layer's would stay
    for pattern, pool in pools.items():
        for name, count in share(pool, sparsity, limit=layer_limit).items():
            layer = pool.pop(name)
            kept[name] = units.whole_blocks(_keep(layer.scores, count), layer.shape, pattern)
            del layer
    return {name: torch.from_numpy(kept[name]).to(device) for name, device in devices.items()}


def _array(name: str, scores: torch.Tensor) -> Scores:
    """A layer's scores in the order of their indices, checked without a second array of their size."""
    array: Scores = scores.detach().float().cpu().contiguous().numpy()
    if array.size and not float(array.max()) < np.inf:  # the maximum is NaN where any score is
        raise InputError(f"layer '{name}' has weights that are not numbers; load a sound checkpoint or lower the rate")
    return array


def _keep(scores: Scores, count: int) -> units.Mask:
    """The mask that keeps all but the ``count`` lowest of the flat ``scores``; of equal ones the first in order go."""
    if count <= 0:
        return np.ones(scores.size, dtype=np.bool_)
    threshold = kth_lowest([scores], count)
    keep = scores >= threshold
    equal = count - count_below(scores, threshold)  # so many that equal the threshold go
    for start in range(0, scores.size, PIECE):
        if not equal:
            break
        places = start + np.flatnonzero(scores[start : start + PIECE] == threshold)[:equal]
        keep[places] = False
        equal -= places.size
    return keep


def of_zeros(weights: Mapping[str, torch.Tensor]) -> Masks:
    """The masks that weights carry themselves: true where a weight is not zero."""
    return {name: weight.detach() != 0 for name, weight in weights.items()}


@torch.no_grad()
def apply(weights: Mapping[str, torch.Tensor], masks: Masks) -> None:
    """Set every masked weight to zero, in place. To +0.0: a product with the mask would leave -0.0, another value."""
    for name, mask in masks.items():
        weights[name].masked_fill_(~mask, 0.0)


def ratio(weights: Mapping[str, torch.Tensor], of: int | None = None) -> float:
    """Weights / weights kept, the ratio that papers state. 1 where there are none; at least one counts as kept.

    ``of`` is how many weights there were before channels were removed, zeros with them; by default as many as now.
    """
    total = sum(weight.numel() for weight in weights.values()) if of is None else of
    return total / max(1, sum(int(torch.count_nonzero(weight)) for weight in weights.values())) if total else 1.0


def sparsity(weights: Mapping[str, torch.Tensor]) -> float:
    """The fraction of zeros over all ``weights`` together; 0 where there are none."""
    total = sum(weight.numel() for weight in weights.values())
    return 1.0 - sum(int(torch.count_nonzero(weight)) for weight in weights.values()) / total if total else 0.0
