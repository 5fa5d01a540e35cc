"""The values of a section: as bit fields, or as indices into codebooks.

A codebook holds for all positions, or each channel has its own. The channel of position p is
(first + p) // stride % channels. A scaled codebook is what remains of one codebook for all channels after each
channel was multiplied by a factor of its own and rounded, as by folding a BatchNormalization: entry j of channel c is
round(base[j] * scale[c]) plus a small correction, so that base and scales are stored instead of the products.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DamagedError
from .head import Head
from .integers import Integers, Streams
from .limits import CHANNELS, CODEBOOK_ENTRIES

Array = npt.NDArray[Any]

FIELDS, CODEBOOK, CHANNEL_CODEBOOKS, SCALED_CODEBOOK = range(4)
ENTRIES_PLAIN, ENTRIES_RISING = range(2)
LARGEST = (1 << 62) - 1


class Fields:
    """Values cut into bit fields, from the highest; each field is a sequence of its own."""

    def __init__(self, head: Head, width: int) -> None:
        count = head.number(width)
        widths = [head.number(width) for _ in range(count)]
        if sum(widths) != width:
            raise DamagedError("its bit fields do not fit its numbers")
        self._fields = [(each, Integers(head)) for each in widths]
        self._type = number_type(width)

    def read(self, streams: Streams, count: int, positions: Array | None, first: int) -> Array:  # noqa: ARG002
        """The next ``count`` values."""
        values = np.zeros(count, self._type)
        for width, field in self._fields:
            if width < 8 * values.itemsize:
                values <<= values.dtype.type(width)
            np.bitwise_or(values, field.read(streams, count), out=values, casting="unsafe")
        return values


class Codebooks:
    """Values as indices into the codebook of their channel; one channel where there is one codebook for all."""

    def __init__(self, head: Head, streams: Streams, width: int, kind: int) -> None:
        self._stride, self._channels, self._first = 1, 1, 0
        if kind != CODEBOOK:
            self._stride = max(head.number(LARGEST), 1)
            self._channels = max(head.number(CHANNELS), 1)
            self._first = head.number(LARGEST)
        if kind == SCALED_CODEBOOK:
            self._entries, self._starts = _scaled(head, streams, width, self._channels)
        else:
            self._entries, self._starts = _listed(head, streams, width, self._channels)
        self._indices = Integers(head)

    def read(self, streams: Streams, count: int, positions: Array | None, first: int) -> Array:
        """The next ``count`` values; they are at ``positions`` (int64), or one after the other where that is None."""
        indices = self._indices.read(streams, count)
        if self._channels == 1:
            return self._entries.take(indices)
        if positions is None:
            positions = np.arange(count, dtype=np.int64)
        channels = (positions + (self._first + first)) // self._stride % self._channels
        return self._entries.take(self._starts.take(channels) + indices)


def read_values(head: Head, streams: Streams, width: int) -> Fields | Codebooks:
    """Read the coding of values of ``width`` bits, with its codebooks.

    Raises:
        DamagedError: there is no such coding.
    """
    kind = head.number(SCALED_CODEBOOK)
    return Fields(head, width) if kind == FIELDS else Codebooks(head, streams, width, kind)


def number_type(width: int) -> npt.DTypeLike:
    """The little-endian unsigned type that holds numbers of ``width`` bits."""
    return np.dtype(f"<u{max(width, 8) // 8}")


def _listed(head: Head, streams: Streams, width: int, channels: int) -> tuple[Array, Array]:
    """All entries, one codebook after the other, each rising; and where each codebook starts."""
    if channels == 1:
        sizes = np.array([head.number(CODEBOOK_ENTRIES)], np.int64)
    else:
        sizes = Integers(head).read(streams, channels).astype(np.int64)
    total = int(sizes.sum())
    if total > CODEBOOK_ENTRIES or sizes.max() > CODEBOOK_ENTRIES:
        raise DamagedError("its codebooks are too large")
    starts = np.cumsum(sizes) - sizes
    if head.number(ENTRIES_RISING) == ENTRIES_PLAIN:
        return streams.plain(total, np.dtype(number_type(width)).str), starts
    heads = starts[sizes > 0]
    firsts = Integers(head).read(streams, len(heads)).astype(np.int64)
    steps = Integers(head).read(streams, total - len(heads)).astype(np.int64) + 1
    rises = np.zeros(total, np.int64)
    inner = np.ones(total, bool)
    inner[heads] = False
    rises[inner] = steps
    rises[heads] = firsts
    sums = np.cumsum(rises)
    before = np.repeat(sums[heads] - firsts, sizes[sizes > 0])
    return (sums - before).astype(number_type(width)), starts


def _scaled(head: Head, streams: Streams, width: int, channels: int) -> tuple[Array, Array]:
    """The entries of all channels from a base and a factor for each channel."""
    if width not in (16, 32):
        raise DamagedError("only float16 and float32 have scaled codebooks")
    size = head.number(CODEBOOK_ENTRIES // channels)
    kind = scale_type(width)
    base, scales = streams.plain(size, kind), streams.plain(channels, kind)
    corrections = Integers(head).read(streams, size * channels).astype(np.int64)
    return scaled_entries(base, scales, (corrections >> 1) ^ -(corrections & 1), width), np.arange(channels) * size


def scale_type(width: int) -> str:
    """The type of the base and the factors of a scaled codebook: twice as wide as its entries."""
    return f"<f{width // 4}"


def scaled_entries(base: Array, scales: Array, corrections: Array, width: int) -> Array:
    """The bit patterns of round(base[j] * scale[c]) + correction, channel after channel, for float16 or float32.

    The product is one of two float64, to nearest even, and so is its conversion; -0.0 becomes 0.0. A correction counts
    steps between neighbouring bit patterns.
    """
    with np.errstate(all="ignore"):
        products = np.multiply.outer(scales.astype(np.float64), base.astype(np.float64)).reshape(-1) + 0.0
        rounded = products.astype(f"<f{width // 8}")
    patterns: Array = rounded.view(number_type(width)).astype(np.int64) + corrections
    return patterns.astype(number_type(width))
