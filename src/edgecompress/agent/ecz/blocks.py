"""The blocks of a file: those with sections come first; then the rest of the file, in blocks of its own."""

from __future__ import annotations

import struct
import zlib
from bisect import bisect
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import ContainerError, DamagedError
from .head import Head
from .integers import Streams
from .limits import COPIES, HEAD_BYTES, LANES, REST_BYTES
from .rans import Lanes
from .sections import CopySection, Sections

Array = npt.NDArray[Any]

SECTIONS, REST = range(2)
STORED, DEFLATED, LZMA = range(3)

SECTIONS_HEAD = struct.Struct("<BBHIIII")
"""SECTIONS; how the head is packed; lanes; bytes of the head as stored; words; bytes of extra bits; of plain bytes."""
REST_HEAD = struct.Struct("<BBI")
"""REST; how it is packed; bytes that it unpacks to."""

LZMA_DICTIONARY = 1 << 20


class File:
    """The state of one file while it is decoded: the bytes that are there. Yields what is to be written where."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.written = 0
        self._copies: list[CopySection] = []
        self._copied = 0
        self._cursor = 0
        self._extents: list[tuple[int, int]] = []
        self._holes: Iterator[tuple[int, int]] | None = None
        self._hole = (0, 0)

    def pieces(self, payload: bytes) -> Iterator[tuple[int, Array | bytes]]:
        """(offset, bytes) of everything in the payload of one block.

        Raises:
            DamagedError: the block contradicts itself or the blocks before it.
        """
        if not payload:
            raise DamagedError("a block is empty")
        if payload[0] == SECTIONS and self._holes is None:
            pieces: Iterator[tuple[int, Array | bytes]] = self._sections(payload)
        elif payload[0] == REST:
            pieces = self._rest(payload)
        else:
            raise DamagedError(f"a block of kind {payload[0]} is not expected here")
        for offset, data in pieces:
            length = data.nbytes if isinstance(data, np.ndarray) else len(data)
            if not length:
                continue
            self.written += length
            self._check_size()
            yield offset, data

    @property
    def is_decoded(self) -> bool:
        """Return whether all bytes are there except those that ``copies`` lists."""
        return self.written + self._copied >= self.size

    def copies(self, sizes: Sequence[int]) -> list[CopySection]:
        """The ranges to copy once all else is there; ``sizes`` are those of the files before this one.

        Raises:
            DamagedError: a copy is of what is no part of the files, or of what is copied itself.
        """
        here = sorted((copy.at, copy.at + copy.length) for copy in self._copies)
        ends = [end for _, end in here]
        for copy in self._copies:
            if copy.back > len(sizes):
                raise DamagedError("a copy is of a file that is not there")
            stop = copy.source + copy.length
            if stop > (sizes[-copy.back] if copy.back else self.size):
                raise DamagedError("a copy is of what lies outside its file")
            after = bisect(ends, copy.source)  # the first that ends behind where the source begins
            if not copy.back and after < len(here) and here[after][0] < stop:
                raise DamagedError("a copy is of a copy")
        return self._copies

    def _check_size(self) -> None:
        if self.written + self._copied > self.size:
            raise DamagedError("it unpacks to more than it says")

    def _sections(self, payload: bytes) -> Iterator[tuple[int, Array]]:
        _, packed, lanes, head_size, words, extra, plain = SECTIONS_HEAD.unpack_from(payload)
        bounds = [SECTIONS_HEAD.size]
        for length in (head_size, 4 * lanes, 2 * words, extra, plain):
            bounds.append(bounds[-1] + length)
        if bounds[-1] != len(payload) or lanes > LANES:
            raise DamagedError("the lengths in a block do not add up")
        head = Head(inflate(payload[bounds[0] : bounds[1]], packed, HEAD_BYTES))
        states = np.frombuffer(payload, "<u4", lanes, bounds[1])
        coded = Lanes(states, np.frombuffer(payload, "<u2", words, bounds[2]))
        streams = Streams(coded, payload[bounds[3] : bounds[4]], payload[bounds[4] :])
        sections = Sections(head, streams, self._cursor, self.size)
        for offset, data in sections.pieces():
            self._extents.append((offset, offset + data.nbytes))
            yield offset, data
        for copy in sections.copies:
            self._extents.append((copy.at, copy.at + copy.length))
            self._copied += copy.length
        self._copies += sections.copies
        if len(self._copies) > COPIES:
            raise DamagedError("it has too many copies")
        self._check_size()
        streams.finish()
        self._cursor = sections.cursor

    def _rest(self, payload: bytes) -> Iterator[tuple[int, bytes]]:
        _, packed, size = REST_HEAD.unpack_from(payload)
        if not 0 < size <= min(REST_BYTES, self.size - self.written - self._copied):
            raise DamagedError("a block of the rest is too large")
        data = inflate(payload[REST_HEAD.size :], packed, size)
        if len(data) != size:
            raise DamagedError("a block of the rest is too short")
        if self._holes is None:
            self._holes = _holes(self._extents, self.size)
        at = 0
        while at < size:
            start, stop = self._hole
            if start == stop:
                self._hole = next(self._holes)
                continue
            length = min(stop - start, size - at)
            yield start, data[at : at + length]
            self._hole = (start + length, stop)
            at += length


def _holes(extents: list[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """The byte ranges in which no array lies, in the order of the file.

    Raises:
        DamagedError: two arrays overlap.
    """
    end = 0
    for start, stop in sorted(extents):
        if start < end:
            raise DamagedError("two arrays overlap")
        if start > end:
            yield end, start
        end = stop
    if end < size:
        yield end, size


def inflate(data: bytes, packed: int, most: int) -> bytes:
    """Unpack ``data`` to at most ``most`` bytes: stored, raw deflate, or raw LZMA2.

    Raises:
        DamagedError: it is damaged, or unpacks to more.
        ContainerError: this Python has no lzma.
    """
    if packed == STORED:
        found, whole = data[: most + 1], True
    elif packed == DEFLATED:
        found, whole = _whole(zlib.decompressobj(-zlib.MAX_WBITS), data, most, zlib.error)
    elif packed == LZMA:
        try:
            import lzma
        except ImportError as error:
            raise ContainerError("this Python was built without lzma; unpack the container with another") from error
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=lzma_filters())
        found, whole = _whole(unpacker, data, most, lzma.LZMAError)
    else:
        raise DamagedError(f"packing {packed} is unknown")
    if len(found) > most or not whole:
        raise DamagedError("a packed part does not unpack to its length")
    return found


def _whole(unpacker: Any, data: bytes, most: int, failure: type[Exception]) -> tuple[bytes, bool]:
    """The unpacked bytes, one more than ``most`` at most, and whether the data ends where they end."""
    try:
        found = unpacker.decompress(data, most + 1)
    except failure as error:
        raise DamagedError("a packed part is not of its format") from error
    return found, unpacker.eof and not unpacker.unused_data


def lzma_filters() -> list[dict[str, int]]:
    """The one chain of filters that is used: its dictionary bounds the memory of a reader."""
    import lzma

    return [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": LZMA_DICTIONARY}]
