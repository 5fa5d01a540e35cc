"""Small numbers packed into bytes: one little-endian bit stream, cut into groups of whole bytes.

Value i of width b takes the bits i*b to i*b+b-1 of the stream, lowest bit first; bit j of the stream is bit j%8 of byte
j//8. A group is the least number of values that fills whole bytes: 8 one-bit values in 1 byte, 4 six-bit values in 3
bytes, 8 three-bit values in 3 bytes. Rows of the packed array are groups, so that a runtime without bit streams can
unpack a whole column with one shift.
"""

import math

import numpy as np

from edgecompress.encode.contract import Layout
from edgecompress.encode.weights import Indices


def group(bits: int) -> tuple[int, int]:
    """Values and bytes of one group of ``bits``-wide values, 1 to 8 bits."""
    assert 1 <= bits <= 8
    width = math.lcm(bits, 8)
    return width // bits, width // 8


def layout(count: int, bits: int) -> Layout:
    """Type and shape of ``count`` packed values: uint8 [groups, bytes of a group]."""
    values, size = group(bits)
    return Layout("uint8", (-(-count // values), size))


def widths(least: int) -> list[int]:
    """The widths worth considering for values that need ``least`` bits: exact, a divisor of 8, one byte.

    The wider ones cost more data and need fewer operators to unpack, which pays in a small tensor.
    """
    return sorted({least, next(width for width in (1, 2, 4, 8) if width >= least), 8})


def pack(values: Indices, bits: int, *, fill: int = 0) -> Indices:
    """``values`` (uint8 [n], below 2**bits) packed to uint8 [groups, bytes of a group]; ``fill`` completes the last."""
    groups, size = layout(len(values), bits).shape
    padded = np.full(groups * group(bits)[0], fill, np.uint8)
    padded[: len(values)] = values
    stream = np.unpackbits(padded[:, None], axis=1, count=bits, bitorder="little")
    return np.packbits(stream.reshape(-1), bitorder="little").reshape(groups, size)


def unpack(packed: Indices, bits: int) -> Indices:
    """All values of a packed array, the filling of the last group included: uint8 [groups * values of a group]."""
    stream = np.unpackbits(packed.reshape(-1), bitorder="little").reshape(-1, bits)
    return np.packbits(stream, axis=1, bitorder="little").reshape(-1)
