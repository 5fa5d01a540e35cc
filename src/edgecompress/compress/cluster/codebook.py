"""A codebook: the centroids that a clustering method finds for members, and which of them each member takes."""

import time
from dataclasses import dataclass

import numpy as np
import torch

from edgecompress.compress.cluster.centroids import centroids
from edgecompress.compress.cluster.labels import nearest
from edgecompress.compress.cluster.members import Members
from edgecompress.errors import CheckError

SMALLEST_FLOAT16 = 2.0**-24
LARGEST_FLOAT16 = 65504.0


@dataclass(frozen=True)
class Codebook:
    """The centroids that a clustering found, and the centroid of each weight.

    Attributes:
        centroids: float32 of shape (k,), each group's ascending, group after group.
        indices: int64 of shape (m,), the member's centroid; of its own group.
        starts: the index of each group's first centroid; then k.
        inertia: the sum of squared distances between members and their centroids.
        seconds: what the clustering took.
    """

    centroids: torch.Tensor
    indices: torch.Tensor
    starts: list[int]
    inertia: float
    seconds: float

    @property
    def groups(self) -> list[slice]:
        """The centroids of each group."""
        return [slice(first, last) for first, last in zip(self.starts[:-1], self.starts[1:], strict=True)]


def find_codebook(members: Members, *, bits: int, method: str, seed: int, half: bool) -> Codebook:
    """Cluster each group of ``members`` by itself.

    Args:
        members: what is clustered; a group may be empty.
        bits: at most ``2**bits`` centroids a group.
        method: the clustering algorithm's name.
        seed: for methods that draw random numbers.
        half: whether float16 must hold the centroids.

    Raises:
        CheckError: a weight is beyond float16.
    """
    begun = time.perf_counter()
    values = members.values().cpu().numpy()
    if half and np.abs(values).max(initial=0.0) > LARGEST_FLOAT16:
        raise CheckError(f"layer '{members.name}' has weights beyond float16; set cluster.centroid_dtype = \"float32\"")
    found, indices, starts, inertia = [], [], [0], 0.0
    for group in members.groups:
        part = values[group]
        own = centroids(method, part, 2**bits, seed=seed) if part.size else part
        labels = nearest(part, own) if part.size else np.empty(0, dtype=np.uint8)
        inertia += float(np.square(part - own[labels], dtype=np.float64).sum())
        found.append(own)
        indices.append(labels.astype(np.int64) + starts[-1])
        starts.append(starts[-1] + own.size)
    device = members.weights[0].device
    return Codebook(
        torch.from_numpy(np.concatenate(found)).to(device),
        torch.from_numpy(np.concatenate(indices)).to(device),
        starts,
        inertia,
        time.perf_counter() - begun,
    )


def stored(centroids: torch.Tensor, *, half: bool) -> torch.Tensor:
    """Centroids as weights hold them, float32 of the same shape: rounded to float16 where that is asked.

    No centroid becomes zero by rounding: a zero belongs to pruning, and the number of zeros is an invariant.
    """
    values = centroids.detach()
    floor = SMALLEST_FLOAT16 if half else torch.finfo(torch.float32).tiny
    held = torch.where(values < 0, -1.0, 1.0) * values.abs().clamp(min=floor)
    return held.half().float() if half else held
