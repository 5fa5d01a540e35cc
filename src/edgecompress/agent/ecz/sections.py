"""The sections of a block: each is one array of the file, or the three arrays of a sparse TFLite tensor, or a copy.

A section is decoded in parts, and each part is written before the next is decoded. Copies are made when all else is
there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DamagedError
from .head import Head
from .integers import Integers, Streams
from .limits import COPY_BYTES, PART_NUMBERS
from .values import LARGEST, number_type, read_values

Array = npt.NDArray[Any]
Piece = "tuple[int, Array]"

PLAIN, SPARSE, RISING, CSR, COPY = range(5)
WIDTHS = (1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64)
INDEX_WIDTHS = (8, 16, 32)


@dataclass(frozen=True)
class CopySection:
    """``length`` bytes of a file from ``at`` on: those from ``source`` on of the file ``back`` files before it."""

    at: int
    length: int
    back: int
    source: int


class Sections:
    """A decoder of the sections of one block. ``cursor`` is where in the file the last piece ended."""

    def __init__(self, head: Head, streams: Streams, cursor: int, size: int) -> None:
        """``size`` is that of the file: no piece lies behind its end."""
        self._head = head
        self._streams = streams
        self._size = size
        self.cursor = cursor
        self.copies: list[CopySection] = []

    def pieces(self) -> Iterator[tuple[int, Array]]:
        """(offset in the file, bytes) of every piece, as arrays of whatever type.

        Raises:
            DamagedError: the block contradicts itself.
        """
        while self._head.left:
            kind = self._head.number(COPY)
            if kind == COPY:
                self.copies.append(self._copy())
            else:
                yield from self._csr() if kind == CSR else self._array(kind)

    def _copy(self) -> CopySection:
        length = self._head.number(self._size)
        at = self._place(length)
        if length < COPY_BYTES:
            raise DamagedError("a copy is too short")
        return CopySection(at, length, self._head.number(LARGEST), self._head.number(LARGEST))

    def _place(self, length: int) -> int:
        """The offset of the next piece, of ``length`` bytes."""
        start = self.cursor + self._head.signed(LARGEST)
        if start < 0 or start + length > self._size:
            raise DamagedError("an array lies outside the file")
        self.cursor = start + length
        return start

    def _array(self, kind: int) -> Iterator[tuple[int, Array]]:
        width = self._width(WIDTHS)
        count = self._head.number(8 * self._size // width)
        if not count or count * width % 8:
            raise DamagedError("an array does not end at a byte")
        at = self._place(count * width // 8)
        parts = {PLAIN: self._plain, SPARSE: self._sparse, RISING: self._rising}[kind](width, count)
        for part in parts:
            data = part if width >= 8 else pack_bits(part, width)
            yield at, data
            at += data.nbytes

    def _plain(self, width: int, count: int) -> Iterator[Array]:
        values = read_values(self._head, self._streams, width)
        for start, length in _parts(count):
            yield values.read(self._streams, length, None, start)

    def _sparse(self, width: int, count: int) -> Iterator[Array]:
        common = self._head.number((1 << width) - 1)
        gaps = Integers(self._head)
        values = read_values(self._head, self._streams, width)
        for start, length in _parts(count):
            places = self._places(gaps, self._head.number(length), length)
            part = np.full(length, common, number_type(width))
            part[places] = values.read(self._streams, len(places), places, start)
            yield part

    def _rising(self, width: int, count: int) -> Iterator[Array]:
        before = self._head.number((1 << width) - 1)
        steps = Integers(self._head)
        for _, length in _parts(count):
            # Unsigned, so that what a forged file adds up to wraps like the type itself.
            numbers = np.cumsum(steps.read(self._streams, length), dtype=np.uint64) + np.uint64(before)
            before = int(numbers[-1])
            yield numbers.astype(number_type(width))

    def _csr(self) -> Iterator[tuple[int, Array]]:
        """Row ends, indices and values: all three follow from the positions and values in the flattened rows."""
        head = self._head
        width, index, segment = self._width(WIDTHS[7:]), self._width(INDEX_WIDTHS), self._width(INDEX_WIDTHS)
        rows, row = head.number(self._size), head.number(1 << 31)
        before, step = head.number(self._size), head.number(PART_NUMBERS)
        total = head.number(self._size)
        if not (rows and row and step):
            raise DamagedError("a sparse tensor is empty")
        ends_at = self._place(rows * segment // 8)
        indices_at = self._place(total * index // 8)
        values_at = self._place(total * width // 8)
        gaps = Integers(head)
        values = read_values(head, self._streams, width)
        for start in range(0, rows, step):
            held = min(step, rows - start)
            count = head.number(min(PART_NUMBERS, total))
            total -= count
            places = self._places(gaps, count, held * row)
            lines = places // row
            ends = np.cumsum(np.bincount(lines, minlength=held)) + before
            before += count
            yield ends_at, ends.astype(number_type(segment))
            yield indices_at, (places - lines * row).astype(number_type(index))
            yield values_at, values.read(self._streams, count, places, start * row)
            ends_at += held * segment // 8
            indices_at += count * index // 8
            values_at += count * width // 8
        if total:
            raise DamagedError("a sparse tensor holds more values than its rows")

    def _places(self, gaps: Integers, count: int, length: int) -> Array:
        """``count`` rising positions below ``length``, int64; a gap is how many positions lie between two."""
        places = np.cumsum(gaps.read(self._streams, count), dtype=np.int64)
        places += np.arange(count)
        if count and places[-1] >= length:
            raise DamagedError("a position lies outside its array")
        return places

    def _width(self, among: tuple[int, ...]) -> int:
        width = self._head.number(64)
        if width not in among:
            raise DamagedError(f"there are no numbers of {width} bits")
        return width


def pack_bits(numbers: Array, width: int) -> Array:
    """Numbers below 2^width as one little-endian bit stream; together they fill whole bytes."""
    bits = np.unpackbits(numbers[:, np.newaxis], axis=1, count=width, bitorder="little")
    return np.packbits(bits.reshape(-1), bitorder="little")


def _parts(count: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, PART_NUMBERS):
        yield start, min(PART_NUMBERS, count - start)
