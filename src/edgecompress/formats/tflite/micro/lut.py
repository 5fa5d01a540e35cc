"""The look-up form of TensorFlow Lite Micro's DECODE operator: indices of as many bits each into tables of values.

An index's highest bit comes first, and so do the bits of a byte.
"""

from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from edgecompress.encode.bits import width

Array = npt.NDArray[np.generic]
Bytes = npt.NDArray[np.uint8]

WIDEST = 7
"""Bits of an index at most."""


@dataclass(frozen=True, eq=False)
class LutCoded:
    """Coded weights.

    Attributes:
        indices: packed, in the order of the weights.
        values: the tables, one after the other.
        bits: of an index.
        stride: values from one channel's table to the next one's; 0: all channels have the first.
    """

    indices: Bytes
    values: Array
    bits: int
    stride: int

    @property
    def nbytes(self) -> int:
        """Bytes of indices and tables."""
        return self.indices.nbytes + self.values.nbytes


def encode(weights: Array) -> LutCoded | None:
    """One table for all of ``weights``, at least one, of any shape; ``None``: they have more than 128 values."""
    values, indices = np.unique(weights, return_inverse=True)
    bits = width(len(values) - 1)
    if bits > WIDEST:
        return None
    planes = indices.reshape(-1, 1).astype(np.uint8) >> np.arange(bits - 1, -1, -1, dtype=np.uint8) & 1
    return LutCoded(np.packbits(planes), values, bits, 0)


def decode(coded: LutCoded, shape: tuple[int, ...], channels: int, *, last: bool) -> Array:
    """The weights of a code, of ``shape``.

    Args:
        coded: the code.
        shape: of the weights.
        channels: of which each may have a table of its own.
        last: whether channels are the last dimension; else they are the first.

    Raises:
        ValueError: indices or tables end too early, or the channels do not fit the shape.
    """
    count = prod(shape)
    if 8 * len(coded.indices) < count * coded.bits or not coded.bits:
        raise ValueError("the indices of a look-up table end too early")
    planes = np.unpackbits(coded.indices, count=count * coded.bits).reshape(count, coded.bits)
    indices = planes @ (1 << np.arange(coded.bits - 1, -1, -1))
    if count % channels:
        raise ValueError("look-up tables do not fit the shape of their weights")
    channel = np.arange(count) % channels if last else np.arange(count) // (count // channels or 1)
    places = indices + coded.stride * channel
    if count and places.max() >= len(coded.values):
        raise ValueError("a look-up table ends too early")
    return coded.values[places].reshape(shape)
