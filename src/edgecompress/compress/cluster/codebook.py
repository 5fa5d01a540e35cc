"""A codebook: the centroids that a clustering method finds for members, and which of them each member takes."""

import math
import time
from dataclasses import dataclass

import numpy as np
import torch

from edgecompress.compress.cluster.centroids import centroids
from edgecompress.compress.cluster.labels import nearest
from edgecompress.compress.cluster.members import Members
from edgecompress.errors import CheckError
from edgecompress.recipe import CentroidDtype

SMALLEST_FLOAT16 = 2.0**-24
LARGEST_FLOAT16 = 65504.0
LARGEST_INT8 = 64
"""Steps of the largest centroid: as many as the weights of an int8 ONNX file have (``formats/onnx/int8``)."""


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


def find_codebook(members: Members, *, bits: int, method: str, seed: int, dtype: CentroidDtype) -> Codebook:
    """Cluster each group of ``members`` by itself.

    Args:
        members: what is clustered; a group may be empty.
        bits: at most ``2**bits`` centroids a group.
        method: the clustering algorithm's name.
        seed: for methods that draw random numbers.
        dtype: what must hold the centroids.

    Raises:
        CheckError: a weight is beyond what float16 holds.
    """
    begun = time.perf_counter()
    values = members.values().cpu().numpy()
    if dtype == "float16" and np.abs(values).max(initial=0.0) > LARGEST_FLOAT16:
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


def stored(centroids: torch.Tensor, dtype: CentroidDtype) -> torch.Tensor:
    """Centroids as weights hold them, float32 of the same shape: rounded to what ``dtype`` holds.

    int8 is an integer of at most 64 times a step, the smallest power of two with which the largest centroid is one.
    That keeps products exact where BatchNormalization is folded: a factor times such a centroid, in float32, is the
    factor times the step, which a file has as a scale, times the integer.

    No centroid becomes zero by rounding: a zero belongs to pruning, and the number of zeros is an invariant.
    """
    values = centroids.detach()
    step = _step(values) if dtype == "int8" else 1.0
    floor = {"float32": torch.finfo(torch.float32).tiny, "float16": SMALLEST_FLOAT16, "int8": step}[dtype]
    held = torch.where(values < 0, -1.0, 1.0) * values.abs().clamp(min=floor)
    if dtype == "int8":
        return (held / step).round() * step
    return held.half().float() if dtype == "float16" else held


def _step(centroids: torch.Tensor) -> float:
    """The smallest power of two of which the largest centroid is at most ``LARGEST_INT8``, rounded."""
    largest = float(centroids.abs().max()) if centroids.numel() else 0.0
    return max(SMALLEST_FLOAT16, 2.0 ** math.ceil(math.log2(largest / (LARGEST_INT8 + 0.5)))) if largest else 1.0
