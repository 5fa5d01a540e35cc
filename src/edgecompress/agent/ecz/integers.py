"""Sequences of unsigned numbers below 2^32: constant, as plain bits, or as entropy-coded tokens with extra bits.

A number below 2^k is a token of its own. A larger one, whose highest bit is bit n, has the token
2^k + (n - k) 2^m + (the m bits below the highest); the n - m bits below those follow in the stream of extra bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DamagedError
from .head import Head
from .rans import Lanes, RansTable

Array = npt.NDArray[Any]

CONSTANT, PLAIN, CODED = range(3)
PLAIN_BITS = (1, 2, 4, 8, 16, 32, 64)
HIGHEST_BIT = 31


class Streams:
    """The three streams of a block: what the lanes decode, extra bits, and plain bytes."""

    def __init__(self, lanes: Lanes, extra: bytes, plain: bytes) -> None:
        self.lanes = lanes
        # Two more words, so that a window of 64 bits may start at any bit.
        self._extra = np.frombuffer(extra + bytes(8 + -len(extra) % 4), "<u4")
        self._extra_bits = 8 * len(extra)
        self._extra_at = 0
        self._plain = plain
        self._plain_at = 0

    def extra_bits(self, widths: Array) -> Array:
        """The next numbers of ``widths`` bits each (at most 32), lowest bit first; uint64."""
        stops = np.cumsum(widths, dtype=np.int64)
        stops += self._extra_at
        if len(stops):
            self._extra_at = int(stops[-1])
        if self._extra_at > self._extra_bits:
            raise DamagedError("its extra bits end too early")
        starts = stops - widths
        words = starts >> 5
        window = self._extra[words + 1].astype(np.uint64)
        window <<= np.uint64(32)
        window |= self._extra[words]
        window >>= (starts & 31).astype(np.uint64)
        numbers: Array = window & ((np.uint64(1) << widths.astype(np.uint64)) - np.uint64(1))
        return numbers

    def plain(self, count: int, dtype: str) -> Array:
        """The next ``count`` numbers of a type in the plain bytes, a view."""
        size = count * np.dtype(dtype).itemsize
        self._plain_at += size
        if self._plain_at > len(self._plain):
            raise DamagedError("its plain bytes end too early")
        return np.frombuffer(self._plain, dtype, count, self._plain_at - size)

    def finish(self) -> None:
        """Say that everything was read.

        Raises:
            DamagedError: something is left in one of the streams.
        """
        self.lanes.finish()
        if self._plain_at != len(self._plain) or self._extra_bits - self._extra_at >= 8:
            raise DamagedError("it holds more than it describes")


class Integers:
    """The coding of one sequence of integers; :meth:`read` gives the next ones of it."""

    def __init__(self, head: Head) -> None:
        """The description in ``head``.

        Raises:
            DamagedError: there is no such coding.
        """
        self._mode = head.number(CODED)
        if self._mode == CONSTANT:
            self._value = head.number((1 << 32) - 1)
        elif self._mode == PLAIN:
            self._bits = head.number(64)
            if self._bits not in PLAIN_BITS:
                raise DamagedError(f"plain numbers cannot be {self._bits} bits wide")
        else:
            self._k = head.number(16)
            self._m = head.number(self._k)
            self._table = RansTable.read(head)
            last = int(self._table.symbols[-1])
            if last >= 1 << self._k and self._k + (last - (1 << self._k) >> self._m) > HIGHEST_BIT:
                raise DamagedError("its tokens mean numbers beyond 32 bits")

    def read(self, streams: Streams, count: int) -> Array:
        """The next ``count`` numbers, in an unsigned type that holds them.

        Raises:
            DamagedError: a stream ends before they do.
        """
        if self._mode == CONSTANT:
            return np.full(count, self._value, np.uint32)
        if self._mode == PLAIN:
            return self._plain(streams, count)
        tokens = streams.lanes.decode(self._table, count)
        coarse = (tokens >> np.uint16(self._k)).nonzero()[0] if self._k < 16 else ()
        if not len(coarse):
            return tokens
        numbers = tokens.astype(np.uint32)
        above = tokens[coarse].astype(np.int64) - (1 << self._k)
        widths = self._k + (above >> self._m) - self._m
        leading = ((1 << self._m) + (above & (1 << self._m) - 1)) << widths
        numbers[coarse] = leading.astype(np.uint64) | streams.extra_bits(widths)
        return numbers

    def _plain(self, streams: Streams, count: int) -> Array:
        if self._bits >= 8:
            return streams.plain(count, f"<u{self._bits // 8}")
        packed = streams.plain(-(-count * self._bits // 8), "u1")
        shifts = np.arange(0, 8, self._bits, dtype=np.uint8)
        spread = packed[:, np.newaxis] >> shifts & np.uint8((1 << self._bits) - 1)
        return spread.reshape(-1)[:count]
