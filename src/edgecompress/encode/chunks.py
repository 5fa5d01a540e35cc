"""Large arrays walked in blocks, so that what is computed of one on the way never takes its size again."""

from collections.abc import Iterator
from math import prod
from types import EllipsisType
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


# A block in float64 takes 8 MiB, little beside any model; numpy's own cost for each of its calls is nothing beside it.
ELEMENTS = 1 << 20

Place = tuple[slice | EllipsisType, ...]


def places(shape: tuple[int, ...]) -> Iterator[Place]:
    """The indices of blocks of at most ``ELEMENTS`` elements that make up an array of ``shape``, in C order."""
    if prod(shape) <= ELEMENTS:
        yield (...,)
        return
    row = prod(shape[1:])
    if row > ELEMENTS:
        for number in range(shape[0]):
            yield from ((slice(number, number + 1), *inner) for inner in places(shape[1:]))
        return
    step = ELEMENTS // row
    yield from ((slice(start, start + step), ...) for start in range(0, shape[0], step))


def written(array: Array) -> Iterator[Array]:
    """The elements in C order and little-endian, as files have them, in contiguous blocks."""
    kind = array.dtype.newbyteorder("<")
    for place in places(array.shape):
        yield np.ascontiguousarray(array[place], kind)


def same_bits(left: Array, right: Array) -> bool:
    """Return whether two arrays have one shape and the same bytes in C order."""
    return left.shape == right.shape and all(
        left[place].tobytes() == right[place].tobytes() for place in places(left.shape)
    )


def not_finite(array: Array) -> int:
    """The number of elements that are NaN or infinite."""
    return sum(int(np.count_nonzero(~np.isfinite(array[place]))) for place in places(array.shape))


def has_negative_zero(array: Array) -> bool:
    """Return whether an element of an array of floats is -0.0."""
    sign = np.array(-0.0, array.dtype).view(_unsigned(array))
    return any(bool((bits(array[place]) == sign).any()) for place in places(array.shape))


def bits(array: Array) -> Array:
    """The elements as unsigned integers of the same width."""
    return array.view(_unsigned(array))


def _unsigned(array: Array) -> np.dtype[Any]:
    return np.dtype(f"u{array.itemsize}")
