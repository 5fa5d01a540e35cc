"""The payloads of all blocks of one file: its arrays section by section, equal ones once, then the rest."""

import lzma
import mmap
import zlib
from bisect import bisect, insort
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from edgecompress.agent.ecz import blocks, limits
from edgecompress.agent.ecz.rans import Array
from edgecompress.formats.ecz import sections
from edgecompress.formats.ecz.block import Block, deflate
from edgecompress.formats.ecz.found import Extent, Found, FoundCsr
from edgecompress.formats.ecz.originals import Originals, extents
from edgecompress.formats.ecz.sections import CsrSection, EczSection

_BLOCK_BYTES = 1 << 21
"""What the payload of a section, and of a block before its last section, is to take at most: a reader holds it all."""
_NUMBERS = (1 << 22) // 840 * 840
"""Numbers of a section at most, so many that packed numbers of any width end with it."""
_FEW_NUMBERS = (1 << 18) // 840 * 840
_SMALL = 1 << 12
"""Bytes of an array below which its section must save something; otherwise the array is left to the rest."""
_GUESS = 1 << 16


def payloads(
    data: mmap.mmap | bytes, found: Sequence[Found], originals: Originals, file: int = 0
) -> Iterator[tuple[bytes, int, bool]]:
    """Each block's payload, the bytes of the file that it covers, and whether it is one of the rest.

    ``originals`` are the arrays of the container's files so far, of which this is number ``file``.
    """
    view = np.frombuffer(data, np.uint8)
    taken: list[tuple[int, int]] = []
    block, covered, cursor = Block(), 0, 0
    for each in _apart(found, len(view)):
        for section, pieces in _sections_or_copies(view, each, originals, file):
            size = sum(piece.bytes for piece in pieces)
            cursor = section.write(block, cursor)
            covered += size
            taken += [(piece.at, piece.at + piece.bytes) for piece in pieces]
            if block.size > _BLOCK_BYTES:
                yield block.payload(), covered, False
                block, covered = Block(), 0
    if covered:
        yield block.payload(), covered, False
    yield from _rest(view, taken)


def _apart(found: Sequence[Found], size: int) -> list[Found]:
    """The part of ``found`` that lies in the file and overlaps nothing before it, in the order of the file."""
    taken = [(-1, -1), (size, size)]
    kept = []
    for each in sorted(found, key=lambda each: extents(each)[-1].at):
        own = sorted((extent.at, extent.at + extent.bytes) for extent in extents(each))
        places = [bisect(taken, pair) for pair in own]
        free = all(taken[at - 1][1] <= pair[0] < pair[1] <= taken[at][0] for at, pair in zip(places, own, strict=True))
        if free and all(before[1] <= after[0] for before, after in pairwise(own)):
            for pair in own:
                insort(taken, pair)
            kept.append(each)
    return kept


def _sections_or_copies(
    view: Array, found: Found, originals: Originals, file: int
) -> Iterator[tuple[EczSection, list[Extent]]]:
    """The sections of one array or sparse tensor, or a copy of each of its pieces where it was there before."""
    digest = originals.digest(view, found)
    original = originals.of(digest, file)
    if original is not None:
        for piece, source in zip(extents(found), original[1], strict=True):
            yield sections.plan_copy(piece.at, piece.bytes, file - original[0], source.at), [piece]
        return
    cost, left = 0.0, sum(extent.bytes for extent in extents(found))
    for section, pieces in _sections(view, found):
        cost, left = cost + section.bytes, left - sum(piece.bytes for piece in pieces)
        yield section, pieces
    # What is left to the rest is found again there, if it is near enough.
    originals.add(digest, file, found, cost + (left if left > limits.REST_BYTES // 2 else left / 8))


def _sections(view: Array, found: Found) -> Iterator[tuple[EczSection, list[Extent]]]:
    """The sections of one array or sparse tensor that are worth it, each with what it covers."""
    if isinstance(found, FoundCsr):
        yield from _csr_sections(view, found)
        return
    extent = found.extent
    step, start = _FEW_NUMBERS, 0
    while start < extent.count:
        count = min(step, extent.count - start)
        piece = Extent(extent.at + start * extent.width // 8, extent.width, count)
        channels = [replace(each, first=start) for each in found.channels]
        section = sections.plan_array(_numbers(view, piece), piece.at, piece.width, channels, packed=not found.floating)
        start += count
        if start < extent.count and step < _NUMBERS and section.bytes * _NUMBERS < _BLOCK_BYTES * count:
            # The first few numbers show that so many more make no large payload: begin again with longer sections.
            step, start = _NUMBERS, start - count
            continue
        if _is_worth_it(view, piece, section):
            yield section, [piece]


def _numbers(view: Array, extent: Extent) -> Array:
    """The numbers at an extent, aligned."""
    return view[extent.at : extent.at + extent.bytes].copy().view(f"<u{extent.width // 8}")


def _is_worth_it(view: Array, piece: Extent, section: EczSection) -> bool:
    """Return whether a section is smaller than what its bytes would take in the rest."""
    if piece.bytes < _SMALL:
        return section.bytes < piece.bytes * 0.9
    middle = piece.at + max(0, piece.bytes - _GUESS) // 2
    sample = view[middle : min(middle + _GUESS, piece.at + piece.bytes)].tobytes()
    repeats = len(zlib.compress(sample, 1)) / len(sample)
    return section.bytes < 0.9 * repeats * piece.bytes or section.bytes < 1 << 10 or repeats > 0.9


def _csr_sections(view: Array, found: FoundCsr) -> Iterator[tuple[EczSection, list[Extent]]]:
    ends = _numbers(view, found.ends)
    counts = np.diff(ends.astype(np.int64), prepend=0)
    start = before = 0
    most = _BLOCK_BYTES * 8 // (found.values.width + 8)
    while start < len(ends):
        stop = max(start + 1, int(np.searchsorted(ends, min(before + most, int(ends[-1])), "right")))
        count = int(counts[start:stop].sum())
        pieces = [
            _cut(found.ends, start, stop - start),
            _cut(found.indices, before, count),
            _cut(found.values, before, count),
        ]
        parts = [_numbers(view, piece) for piece in pieces]
        tensor = CsrSection(parts[0], parts[1], parts[2], found.row, before, (pieces[0].at, pieces[1].at, pieces[2].at))
        channels = [replace(each, first=start * found.row) for each in found.channels]
        yield sections.plan_csr(tensor, channels), pieces
        start, before = stop, before + count


def _cut(extent: Extent, start: int, count: int) -> Extent:
    return Extent(extent.at + start * extent.width // 8, extent.width, count)


def _rest(view: Array, covered: list[tuple[int, int]]) -> Iterator[tuple[bytes, int, bool]]:
    """Payloads of what no section covers."""
    waiting: list[bytes] = []
    size = end = 0
    for start, stop in [*sorted(covered), (len(view), len(view))]:
        while end < start:
            taken = min(start - end, limits.REST_BYTES - size)
            waiting.append(view[end : end + taken].tobytes())
            end, size = end + taken, size + taken
            if size == limits.REST_BYTES:
                yield _rest_payload(waiting), size, True
                waiting, size = [], 0
        end = stop
    if size:
        yield _rest_payload(waiting), size, True


def _rest_payload(parts: list[bytes]) -> bytes:
    data = b"".join(parts)
    packed, small = _packed(data)
    return blocks.REST_HEAD.pack(blocks.REST, packed, len(data)) + small


def _packed(data: bytes) -> tuple[int, bytes]:
    """The smallest of the bytes as they are, deflated, and through LZMA, which is slow and not tried in vain."""
    found = {blocks.STORED: data, blocks.DEFLATED: deflate(data)}
    if len(found[blocks.DEFLATED]) < 0.98 * len(data):
        found[blocks.LZMA] = lzma.compress(data, lzma.FORMAT_RAW, filters=blocks.lzma_filters())
    return min(found.items(), key=lambda item: len(item[1]))
