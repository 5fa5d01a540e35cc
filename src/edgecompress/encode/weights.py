"""A float32 array seen as bit patterns, with what the encodings ask about it, computed once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgecompress.encode.blocks import blocks

Floats = npt.NDArray[np.float32]
Patterns = npt.NDArray[np.uint32]
Positions = npt.NDArray[np.signedinteger]
Indices = npt.NDArray[np.uint8]

MOST_DISTINCT = 256
"""A palette index is at most one byte."""

_SAMPLE = 65_536


@dataclass(frozen=True)
class Palette:
    """Few distinct values: ``codebook[indices]`` are the elements. The codebook falls by ``counts``, how often each is.

    Equally frequent values rise by bit pattern. So small indices are the frequent ones, in every tensor alike.
    """

    codebook: Floats
    indices: Indices
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Weights:
    """A float32 array of any shape. Values are distinguished by bit pattern, so -0.0 is a value of its own."""

    array: Floats

    def __post_init__(self) -> None:
        assert self.array.dtype == np.float32

    @cached_property
    def patterns(self) -> Patterns:
        """The flat array's bits, in C order."""
        return np.ascontiguousarray(self.array).reshape(-1).view(np.uint32)

    @cached_property
    def positions(self) -> Positions:
        """Flat positions of all elements that are not +0.0, rising."""
        places: Positions = np.empty(
            np.count_nonzero(self.patterns), np.int32 if self.patterns.size < 2**31 else np.int64
        )
        filled = 0
        for place in blocks(self.patterns.size):
            found = np.flatnonzero(self.patterns[place])
            places[filled : filled + len(found)] = found + place.start
            filled += len(found)
        return places

    @cached_property
    def is_float16(self) -> bool:
        """Return whether float16 holds every element exactly."""
        with np.errstate(over="ignore", invalid="ignore"):
            return all(
                np.array_equal(block.view(np.float32).astype(np.float16).astype(np.float32).view(np.uint32), block)
                for block in (self.patterns[place] for place in blocks(self.patterns.size))
            )


def palette(patterns: Patterns) -> Palette | None:
    """The palette of elements given as bit patterns, shape (n,); ``None`` if more than 256 are distinct."""
    # Most unclustered tensors are found out by a sample, without sorting millions of values.
    if len(np.unique(patterns[:_SAMPLE])) > MOST_DISTINCT:
        return None
    values = _distinct(patterns)
    if values is None:
        return None
    places = np.empty(len(patterns), np.uint8)
    counts = np.zeros(len(values), np.int64)
    for block in blocks(len(patterns)):  # what NumPy computes with has 8 bytes an element
        places[block] = found = np.searchsorted(values, patterns[block])
        counts += np.bincount(found, minlength=len(values))
    order = np.argsort(-counts, kind="stable")
    ranks = np.argsort(order).astype(np.uint8)
    for block in blocks(len(patterns)):
        places[block] = ranks[places[block]]
    return Palette(values[order].view(np.float32), places, counts[order])


def _distinct(patterns: Patterns) -> Patterns | None:
    """The distinct patterns, rising; ``None`` as soon as there are too many.

    Block by block: a block that holds only known values costs a search in a short table and no sort.
    """
    known = np.unique(patterns[:_SAMPLE])
    for place in blocks(len(patterns), first=_SAMPLE):
        block = patterns[place]
        places = np.minimum(np.searchsorted(known, block), len(known) - 1)
        new = block[known[places] != block]
        if len(new):
            known = np.union1d(known, new)
        if len(known) > MOST_DISTINCT:
            return None
    return known
