"""The sparse form that a TFLite tensor may have: dense outer dimensions and one compressed row (CSR) inner dimension.

A tensor of ``d`` dimensions is walked in ``traversal`` order. The first ``d - 1`` dimensions are dense; their product
is the number of rows. The last one is sparse: ``segments[r]`` to ``segments[r + 1]`` are row r's nonzeros, and
``indices`` holds the place of each in its row. Runtimes take index vectors of uint8, uint16 or int32. Blocks are in
``csr_blocks``. More than one sparse dimension is in the schema as well, but pays only when most rows are empty.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from edgecompress.encode import chunks
from edgecompress.formats.tflite.graph import Array

IndexArray = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Csr:
    """A sparse array: ``values`` is of the array's dtype, in traversal order.

    One index stands for ``block`` values, those of as many neighbours along dimension 0.
    """

    shape: tuple[int, ...]
    traversal: tuple[int, ...]
    segments: IndexArray
    indices: IndexArray
    values: Array
    block: int = 1

    @property
    def outer(self) -> tuple[int, ...]:
        """The sizes of the dense dimensions, in traversal order; that of dimension 0 counts blocks."""
        return tuple(self.shape[d] // (self.block if d == 0 else 1) for d in self.traversal[:-1])

    @property
    def bytes(self) -> int:
        """Bytes of values, indices and segments."""
        return self.values.nbytes + self.indices.nbytes + self.segments.nbytes


def size(shape: tuple[int, ...], nonzeros: int, inner: int, itemsize: int) -> int:
    """Bytes of :func:`pack` with values of ``itemsize`` bytes, without packing; ``nonzeros`` as of that function."""
    stored = max(nonzeros, 1)
    rows = prod(shape) // shape[inner]
    return stored * (itemsize + _width(shape[inner] - 1)) + (rows + 1) * _width(stored)


def nonzeros(array: Array) -> int:
    """The number of elements that are not +0.0 (all bits clear): those that :func:`pack` stores."""
    return sum(int(np.count_nonzero(chunks.bits(array[place]))) for place in chunks.places(array.shape))


def pack(array: Array, inner: int) -> Csr:
    """The CSR form of a non-empty ``array`` whose sparse dimension is ``inner``; exact, -0.0 is stored like a nonzero.

    With n nonzeros in R rows the shapes are values (n,), indices (n,), segments (R + 1,). An array of zeros keeps one
    explicit zero, because a runtime takes a tensor without data for one that is computed.
    """
    traversal = (*(d for d in range(array.ndim) if d != inner), inner)
    turned = np.transpose(array, traversal)
    width, stored = array.shape[inner], max(nonzeros(array), 1)
    segments = np.zeros(array.size // width + 1, np.int64)
    indices = np.zeros(stored, _index_type(width - 1))
    values = np.zeros(stored, array.dtype)
    done = filled = 0
    for place in chunks.places(turned.shape):
        block = np.ascontiguousarray(turned[place]).reshape(-1)
        found = np.flatnonzero(chunks.bits(block))
        row, index = np.divmod(found + done, width)
        counts = np.bincount(row - done // width)
        segments[done // width + 1 :][: len(counts)] += counts
        indices[filled : filled + len(found)] = index
        values[filled : filled + len(found)] = block[found]
        done, filled = done + len(block), filled + len(found)
    segments[1] += stored - filled
    return Csr(
        shape=array.shape,
        traversal=traversal,
        segments=np.cumsum(segments).astype(_index_type(stored)),
        indices=indices,
        values=values,
    )


def unpack(packed: Csr) -> Array:
    """The array of a CSR form, of shape ``packed.shape``; the inverse of :func:`pack`, and of ``csr_blocks.pack``.

    Raises:
        ValueError: segments, indices and values do not fit each other or the shape.
    """
    levels: list[int | tuple[Array, Array]] = [*packed.outer, (packed.segments, packed.indices)]
    if packed.block == 1:
        return expand(packed.shape, packed.traversal, (), levels, packed.values)
    traversal = (*packed.traversal, len(packed.shape))
    return expand(packed.shape, traversal, (0,), [*levels, packed.block], packed.values)


def expand(
    shape: tuple[int, ...],
    traversal: tuple[int, ...],
    block_map: tuple[int, ...],
    levels: list[int | tuple[Array, Array]],
    values: Array,
) -> Array:
    """The array of any sparse form in the schema, by another writer too.

    ``levels`` are the dimensions in ``traversal`` order: the size of a dense one, (segments, indices) of a sparse one.
    Dimensions from ``len(shape)`` on are those inside a block; ``block_map`` says which dimension each of them divides.
    Memory is that of the result, and unless the last level alone is sparse, of index arrays as long as ``values``.

    Raises:
        ValueError: the parts do not fit each other or the shape.
    """
    if sorted(traversal) != list(range(len(shape) + len(block_map))) or len(levels) != len(traversal):
        raise ValueError("its traversal order does not fit its shape")
    _check_counts(levels, len(values))
    last = levels[-1] if levels else 0
    if not (isinstance(last, int) or block_map) and levels[:-1] == [shape[dimension] for dimension in traversal[:-1]]:
        return _of_rows(shape, traversal, *last, values)
    positions = np.zeros(1, np.int64)
    places: dict[int, Array] = {}
    for dimension, level in zip(traversal, levels, strict=True):
        if isinstance(level, int):
            parents = np.repeat(np.arange(len(positions)), level)
            place = np.tile(np.arange(level), len(positions))
        else:
            segments = level[0].astype(np.int64)
            parents = np.repeat(np.arange(len(positions)), segments[1:] - segments[:-1])
            place = level[1].astype(np.int64)
        places = {walked: place_of[parents] for walked, place_of in places.items()} | {dimension: place}
        positions = parents
    for block, dimension in enumerate(block_map):
        level = levels[traversal.index(len(shape) + block)]
        if not isinstance(level, int) or dimension not in range(len(shape)):
            raise ValueError("its blocks do not fit its shape")
        places[dimension] = places[dimension] * level + places[len(shape) + block]
    for dimension, whole in enumerate(shape):
        if ((places[dimension] < 0) | (places[dimension] >= whole)).any():
            raise ValueError("an index lies outside its shape")
    dense: Array = np.zeros(shape, values.dtype)
    dense[tuple(places[dimension] for dimension in range(len(shape)))] = values
    return dense


def _of_rows(
    shape: tuple[int, ...], traversal: tuple[int, ...], segments: IndexArray, indices: IndexArray, values: Array
) -> Array:
    """Expand a form as ``pack`` makes it, some rows at a time."""
    dense: Array = np.zeros(shape, values.dtype)
    turned = dense.transpose(traversal)[np.newaxis]  # so that there are rows where it has one dimension too
    *outer, width = turned.shape
    step = max(1, chunks.ELEMENTS // max(1, width))
    for first in range(0, len(segments) - 1, step):
        ends = segments[first : first + step + 1].astype(np.int64)
        index = indices[ends[0] : ends[-1]].astype(np.int64)
        if ((index < 0) | (index >= width)).any():
            raise ValueError("an index lies outside its shape")
        rows = np.repeat(np.arange(first, first + len(ends) - 1), np.diff(ends))
        turned[(*np.unravel_index(rows, outer), index)] = values[ends[0] : ends[-1]]
    return dense


def _check_counts(levels: list[int | tuple[Array, Array]], values: int) -> None:
    """Follow the number of entries through the levels before anything of that size is allocated."""
    count = 1
    for level in levels:
        if isinstance(level, int):
            if level < 1:
                raise ValueError("a dense dimension is empty")
            count *= level
        else:
            segments = level[0].astype(np.int64)
            if len(segments) != count + 1 or segments[0] != 0 or (np.diff(segments) < 0).any():
                raise ValueError("its row segments do not fit its shape")
            count = len(level[1])
            if segments[-1] != count:
                raise ValueError("its row segments do not fit its indices")
    if count != values:
        raise ValueError("its indices do not fit its values")


def _width(largest: int) -> int:
    """Bytes of the narrowest index type that holds 0 to ``largest``."""
    return 1 if largest < 1 << 8 else 2 if largest < 1 << 16 else 4


def _index_type(largest: int) -> npt.DTypeLike:
    """The narrowest index type that holds 0 to ``largest``."""
    width = _width(largest)
    return np.uint8 if width == 1 else np.uint16 if width == 2 else np.int32
