"""The sparse form that a TFLite tensor may have: dense outer dimensions and one compressed row (CSR) inner dimension.

A tensor of ``d`` dimensions is walked in ``traversal`` order. The first ``d - 1`` dimensions are dense; their product
is the number of rows. The last one is sparse: ``segments[r]`` to ``segments[r + 1]`` are row r's nonzeros, and
``indices`` holds the place of each in its row. Runtimes take index vectors of uint8, uint16 or int32. More than one
sparse dimension and blocks are in the schema as well, but blocks crash LiteRT, and further sparse dimensions pay only
when most rows are empty.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from edgecompress.export.tflite.graph import Array

IndexArray = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Csr:
    """A sparse array: ``values`` is of the array's dtype, in traversal order."""

    shape: tuple[int, ...]
    traversal: tuple[int, ...]
    segments: IndexArray
    indices: IndexArray
    values: Array

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
    """How many elements are not +0.0 (all bits clear): those that :func:`pack` stores."""
    return int(np.count_nonzero(_bits(array)))


def pack(array: Array, inner: int) -> Csr:
    """The CSR form of a non-empty ``array`` whose sparse dimension is ``inner``; exact, -0.0 is stored like a nonzero.

    With n nonzeros in R rows the shapes are values (n,), indices (n,), segments (R + 1,). An array of zeros keeps one
    explicit zero, because a runtime takes a tensor without data for one that is computed.
    """
    traversal = (*(d for d in range(array.ndim) if d != inner), inner)
    rows = np.ascontiguousarray(np.transpose(array, traversal)).reshape(-1, array.shape[inner])
    places = np.flatnonzero(_bits(rows))
    if not places.size:
        places = np.zeros(1, np.intp)
    row, index = np.divmod(places, array.shape[inner])
    segments = np.zeros(rows.shape[0] + 1, np.int64)
    np.cumsum(np.bincount(row, minlength=rows.shape[0]), out=segments[1:])
    return Csr(
        shape=array.shape,
        traversal=traversal,
        segments=_narrow(segments, places.size),
        indices=_narrow(index, array.shape[inner] - 1),
        values=rows.reshape(-1)[places],
    )


def unpack(packed: Csr) -> Array:
    """The array of a CSR form, of shape ``packed.shape``; the inverse of :func:`pack`.

    Raises:
        ValueError: segments, indices and values do not fit each other or the shape.
    """
    dense = [packed.shape[dimension] for dimension in packed.traversal[:-1]]
    return expand(packed.shape, packed.traversal, (), [*dense, (packed.segments, packed.indices)], packed.values)


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
    Memory is that of the result and of index arrays as long as ``values`` and the segments.

    Raises:
        ValueError: the parts do not fit each other or the shape.
    """
    if sorted(traversal) != list(range(len(shape) + len(block_map))) or len(levels) != len(traversal):
        raise ValueError("its traversal order does not fit its shape")
    _check_counts(levels, len(values))
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


def _bits(array: Array) -> Array:
    """The elements as unsigned integers of the same width."""
    return np.ascontiguousarray(array).view(np.dtype(f"u{array.itemsize}"))


def _width(largest: int) -> int:
    """Bytes of the narrowest index type that holds 0 to ``largest``."""
    return 1 if largest < 1 << 8 else 2 if largest < 1 << 16 else 4


def _narrow(values: IndexArray, largest: int) -> IndexArray:
    """``values``, none above ``largest``, in the narrowest index type."""
    width = _width(largest)
    return values.astype(np.uint8 if width == 1 else np.uint16 if width == 2 else np.int32)
