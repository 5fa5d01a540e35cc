"""A tensor stored by itself: as it is, in float16 where that is exact, or as the one value that it repeats."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgecompress.encode.weights import Floats, Weights

Kind = Literal["raw", "float16", "constant"]


@dataclass(frozen=True, eq=False)
class Single:
    """``values``: for ``raw`` the array, float32; for ``float16`` the same in float16; for ``constant`` one float32."""

    kind: Kind
    shape: tuple[int, ...]
    values: npt.NDArray[np.float32] | npt.NDArray[np.float16]

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return self.values.nbytes


def encode(weights: Weights, kind: Kind) -> Single | None:
    """The tensor as ``kind``; ``None`` if that cannot hold it exactly."""
    array = weights.array
    if kind == "raw":
        return Single(kind, array.shape, array)
    if kind == "float16":
        return Single(kind, array.shape, array.astype(np.float16)) if array.size and weights.is_float16 else None
    same = array.size > 0 and bool((weights.patterns == weights.patterns[0]).all())
    return Single(kind, array.shape, weights.patterns[:1].view(np.float32)) if same else None


def decode(single: Single) -> Floats:
    """The array."""
    if single.kind == "constant":
        return np.full(single.shape, single.values.view(np.uint32)[0]).view(np.float32)
    return single.values.astype(np.float32)


def alone(weights: Weights, cost: Callable[[Single], int]) -> Single:
    """The kind that takes the fewest bytes by ``cost``; among equals, the first of raw, float16, constant."""
    kinds: tuple[Kind, ...] = ("raw", "float16", "constant")
    found = [single for kind in kinds if (single := encode(weights, kind))]
    return min(found, key=cost)
