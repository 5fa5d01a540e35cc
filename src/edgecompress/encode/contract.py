"""What an encoding is: a plan whose size is known before anything is encoded, the encoding itself, and the way back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from edgecompress.encode.weights import Floats, Weights


class Layout(NamedTuple):
    """Type and shape of one stored array."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Its bytes."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Plan:
    """One way to store a tensor: which arrays, of which sizes, with which options. Nothing is encoded yet."""

    encoding: str
    shape: tuple[int, ...]
    options: Mapping[str, int]
    arrays: Mapping[str, Layout]

    @property
    def size(self) -> int:
        """Exact bytes of all stored arrays."""
        return sum(layout.nbytes for layout in self.arrays.values())


@dataclass(frozen=True)
class Encoded:
    """A tensor in an encoding: its shape, the stored arrays, and the options that say how to read them."""

    encoding: str
    shape: tuple[int, ...]
    options: Mapping[str, int]
    arrays: Mapping[str, npt.NDArray[np.generic]]

    @property
    def size(self) -> int:
        """Bytes of all stored arrays."""
        return sum(array.nbytes for array in self.arrays.values())


@dataclass(frozen=True)
class NotApplied:
    """An encoding cannot hold a tensor, and why."""

    reason: str


class Encoding(Protocol):
    """What a module in ``encode.encodings`` offers. ``decode(encode(weights, plan))`` is the array, bit by bit."""

    def plans(self, weights: Weights, /) -> Sequence[Plan] | NotApplied:
        """All ways worth considering in which this encoding can hold ``weights``, or why there is none."""
        ...

    def encode(self, weights: Weights, plan: Plan, /) -> Encoded:
        """``weights`` stored as ``plan`` says; takes exactly ``plan.size`` bytes."""
        ...

    def decode(self, encoded: Encoded, /) -> Floats:
        """The array that was encoded, float32, in its shape."""
        ...
