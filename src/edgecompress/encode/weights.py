"""A float32 array seen as bit patterns, with what every encoding asks about it, computed once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Patterns = npt.NDArray[np.uint32]
Indices = npt.NDArray[np.uint8]

MOST_DISTINCT = 256
"""A palette index is at most one byte."""

_SAMPLE = 65_536


@dataclass(frozen=True)
class Palette:
    """Few distinct values: ``codebook[indices]`` is the flat array. The codebook rises by bit pattern."""

    codebook: Floats
    indices: Indices

    @property
    def index_bits(self) -> int:
        """Bits that tell all codebook entries apart, at least 1."""
        return max(1, (len(self.codebook) - 1).bit_length())


@dataclass(frozen=True, eq=False)
class Weights:
    """A float32 array of any shape. Values are told apart by bit pattern, so -0.0 is a value of its own."""

    array: Floats

    def __post_init__(self) -> None:
        assert self.array.dtype == np.float32

    @cached_property
    def patterns(self) -> Patterns:
        """The flat array's bits, in C order."""
        return np.ascontiguousarray(self.array).reshape(-1).view(np.uint32)

    @cached_property
    def positions(self) -> npt.NDArray[np.intp]:
        """Flat positions of all elements that are not +0.0, rising."""
        return np.flatnonzero(self.patterns)

    @cached_property
    def nonzeros(self) -> Floats:
        """The elements at ``positions``."""
        return self.patterns[self.positions].view(np.float32)

    @cached_property
    def palette(self) -> Palette | None:
        """The palette of all elements; ``None`` if there are more than 256 distinct ones."""
        return _palette(self.patterns)

    @cached_property
    def nonzero_palette(self) -> Palette | None:
        """The palette of ``nonzeros``; ``None`` if there are more than 256 distinct ones."""
        return _palette(self.patterns[self.positions])


def _palette(patterns: Patterns) -> Palette | None:
    # Most unclustered tensors are found out by a sample, without sorting millions of values.
    if len(np.unique(patterns[:_SAMPLE])) > MOST_DISTINCT:
        return None
    codebook = np.unique(patterns)
    if len(codebook) > MOST_DISTINCT:
        return None
    return Palette(codebook.view(np.float32), np.searchsorted(codebook, patterns).astype(np.uint8))
