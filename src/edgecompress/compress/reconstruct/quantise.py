"""Clustering what shares centroids so that the layer's outputs stay: Lloyd's two steps, in the metric of the outputs.

Each weight takes the centroid that is best for the outputs (``assign``), then the centroids become the best for what
took them (``refit``), until nothing is gained.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from edgecompress.compress.cluster.centroids import centroids as find_centroids
from edgecompress.compress.cluster.codebook import LARGEST_FLOAT16, stored
from edgecompress.compress.reconstruct.assign import nearest, sweep
from edgecompress.compress.reconstruct.least_squares import solve
from edgecompress.compress.reconstruct.objective import LayerObjective
from edgecompress.compress.reconstruct.refit import refit
from edgecompress.compress.reconstruct.weighted import weighted_kmeans
from edgecompress.errors import CheckError
from edgecompress.recipe import CentroidDtype

ROUNDS = 8
GAIN = 1e-3


@dataclass(frozen=True)
class PaletteSettings:
    """The settings by which centroids are found and stored.

    Attributes:
        method: of ``cluster/algorithms``; ``kmeans`` weighs each weight by how much its input matters.
        k: most centroids.
        seed: of methods that draw.
        dtype: centroids are values that it has.
        refit: fit the centroids to the outputs, instead of leaving them as the method found them.
    """

    method: str
    k: int
    seed: int
    dtype: CentroidDtype
    refit: bool


def quantise(name: str, parts: Sequence[LayerObjective], palette: PaletteSettings) -> list[torch.Tensor]:
    """The weights of ``parts``, which share centroids: zeros where they are zero, a centroid everywhere else.

    Args:
        name: of the layer, for errors.
        parts: objectives of some outputs each; their ``start`` says where the zeros are.
        palette: what centroids there may be.

    Returns:
        Float64, one of shape (outputs, features) a part.

    Raises:
        CheckError: a weight is beyond what float16 holds.
    """
    keeps = [part.start != 0 for part in parts]
    if not any(bool(keep.any()) for keep in keeps):
        return [torch.zeros_like(part.start) for part in parts]
    ideal = [solve(part, keep) for part, keep in zip(parts, keeps, strict=True)]
    centroids = _first(keeps, parts, ideal, palette)
    if palette.dtype == "float16" and float(centroids.abs().max()) > LARGEST_FLOAT16:
        raise CheckError(f"layer '{name}' has weights beyond float16; set cluster.centroid_dtype = \"float32\"")
    levels = torch.unique(_stored(centroids, palette))
    at_once = [_placed(w, keep, levels) for w, keep in zip(ideal, keeps, strict=True)]
    # Set one by one from the best weights, each makes good what those before it lost; set at once, none does.
    weights = min(at_once, _swept(parts, ideal, keeps, levels), key=lambda found: total(parts, found))
    best = weights
    for _ in range(ROUNDS):
        if palette.refit:
            labels = [nearest(weight, levels) for weight in weights]
            moved = _stored(refit(parts, labels, keeps, levels), palette)
            weights = [torch.where(keep, moved[label], 0.0) for keep, label in zip(keeps, labels, strict=True)]
            levels = torch.unique(moved)
        weights = _swept(parts, weights, keeps, levels)
        gained = total(parts, weights) < total(parts, best) * (1 - GAIN)
        best = min(best, weights, key=lambda found: total(parts, found))
        if not gained:
            break
    return best


def plain(parts: Sequence[LayerObjective], palette: PaletteSettings) -> list[torch.Tensor]:
    """The clustered weights without any input: the nearest of the method's centroids."""
    keeps = [part.start != 0 for part in parts]
    values = torch.cat([part.start[keep] for part, keep in zip(parts, keeps, strict=True)])
    if not len(values):
        return [part.start.clone() for part in parts]
    found = find_centroids(palette.method, values.float().numpy(), palette.k, seed=palette.seed)
    levels = torch.unique(_stored(torch.from_numpy(found), palette))
    return [_placed(part.start, keep, levels) for part, keep in zip(parts, keeps, strict=True)]


def total(parts: Sequence[LayerObjective], weights: Sequence[torch.Tensor]) -> float:
    """The damped error of all parts together."""
    return sum(float(part.damped(weight).sum()) for part, weight in zip(parts, weights, strict=True))


def _first(
    keeps: Sequence[torch.Tensor],
    parts: Sequence[LayerObjective],
    ideal: Sequence[torch.Tensor],
    palette: PaletteSettings,
) -> torch.Tensor:
    """The centroids to begin with, by the palette's method."""
    values = torch.cat([weight[keep] for weight, keep in zip(ideal, keeps, strict=True)])
    if palette.method != "kmeans":
        return torch.from_numpy(
            find_centroids(palette.method, values.float().numpy(), palette.k, seed=palette.seed)
        ).double()
    matters = [part.hessian.diagonal().expand(keep.shape)[keep] for part, keep in zip(parts, keeps, strict=True)]
    return torch.from_numpy(weighted_kmeans(values.numpy(), torch.cat(matters).numpy(), palette.k))


def _stored(centroids: torch.Tensor, palette: PaletteSettings) -> torch.Tensor:
    """Centroids as files hold them, in the same order; none is zero."""
    return stored(centroids.float(), palette.dtype).double()


def _placed(weight: torch.Tensor, keep: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    return torch.where(keep, levels[nearest(weight, levels)], 0.0)


def _swept(
    parts: Sequence[LayerObjective],
    weights: Sequence[torch.Tensor],
    keeps: Sequence[torch.Tensor],
    levels: torch.Tensor,
) -> list[torch.Tensor]:
    return [sweep(part, weight, keep, levels) for part, weight, keep in zip(parts, weights, keeps, strict=True)]
