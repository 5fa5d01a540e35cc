"""Assign a centroid to each weight: coordinate descent on the error of the layer's outputs.

Behdin et al., "QuantEase: Optimization-based quantization for language models", 2023, algorithm 1: column by column,
each weight takes the level that is best while all other weights stay as they are. The error never rises.
"""

import torch

from edgecompress.compress.reconstruct.objective import LayerObjective

BLOCK = 64


def nearest(values: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """The index of the centroid nearest to each of ``values``, of any shape. ``centroids``: ascending, shape (k,)."""
    return torch.bucketize(values.contiguous(), (centroids[1:] + centroids[:-1]) / 2)


def sweep(objective: LayerObjective, weight: torch.Tensor, keep: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Every kept weight once set to the centroid that is best for it.

    Args:
        objective: of the outputs.
        weight: where to begin, float64 of shape (outputs, features); zero where nothing is kept. It need not be of
            centroids: then what the first columns lose by rounding is made good by those after them.
        keep: boolean, of that shape.
        centroids: float64, ascending, shape (k,).

    Returns:
        The new weights.
    """
    weight, hessian = weight.clone(), objective.hessian
    slope = weight @ hessian - objective.linear
    features = weight.shape[1]
    for first in range(0, features, BLOCK):
        last = min(features, first + BLOCK)
        before = weight[:, first:last].clone()
        own, inner = slope[:, first:last], hessian[first:last, first:last]
        for offset in range(last - first):
            column = first + offset
            target = weight[:, column] - own[:, offset] / inner[offset, offset]
            best = torch.where(keep[:, column], centroids[nearest(target, centroids)], 0.0)
            own += (best - weight[:, column])[:, None] * inner[offset]
            weight[:, column] = best
        slope[:, last:] += (weight[:, first:last] - before) @ hessian[first:last, last:]
    return weight
