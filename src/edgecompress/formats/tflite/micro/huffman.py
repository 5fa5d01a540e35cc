"""The Huffman form of TensorFlow Lite Micro's DECODE operator: int8 weights as a prefix code, and tables to read it by.

A decoder looks up the next bits in the first table. An entry has a symbol and the number of those bits that belong to
its code, or the place of a further table and its number of bits. The bits of a byte are read from the highest on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from edgecompress.encode.huffman import lengths

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int8]
Table = npt.NDArray[np.uint16]

LONGEST = 15
"""Bits of a code at most."""
_FOUND, _SHIFT, _PLACE = 0x8000, 11, 0x07FF  # of an entry: a symbol's mark, where its count begins, a table's place
_SYMBOLS = 256
_FIRST, _FURTHER = range(1, 7), range(1, 5)  # bits of the first table, and of those that follow
_WORD = 4  # bytes: the runtime reads so many at a time
_WINDOW = 16  # bits that one look finds a symbol in, when a code is read here


@dataclass(frozen=True, eq=False)
class HuffmanCoded:
    """Coded weights.

    Attributes:
        codes: the codes, one after the other, and as many bytes more as a decoder reads ahead.
        table: all tables, the first one at the beginning.
        first_bits: bits that the first table is looked up by.
    """

    codes: Bytes
    table: Table
    first_bits: int

    @property
    def nbytes(self) -> int:
        """Bytes of codes and tables."""
        return self.codes.nbytes + self.table.nbytes


def encode(integers: Integers) -> HuffmanCoded:
    """The optimal prefix code of ``integers``, at least one, of any shape, and the smallest tables for it."""
    symbols = np.ascontiguousarray(integers).reshape(-1).view(np.uint8)
    of_symbols = lengths(np.bincount(symbols, minlength=_SYMBOLS), LONGEST).astype(np.int64)
    if not of_symbols.any():
        of_symbols[symbols[0]] = 1  # the runtime looks up a bit at least
    codes = _canonical(of_symbols)
    found = (_tables(of_symbols, codes, *bits) for bits in product(_FIRST, _FURTHER))
    table, first_bits = min((each for each in found if each), key=lambda each: (len(each[0]), -each[1]))
    return HuffmanCoded(_written(of_symbols[symbols], codes[symbols]), np.array(table, np.uint16), first_bits)


def decode(coded: HuffmanCoded, count: int) -> Integers:
    """The first ``count`` integers of a code.

    Raises:
        ValueError: it ends too early, or has a code of more than 16 bits.
    """
    symbols, used = _looks(coded)
    padded = np.concatenate([coded.codes, np.zeros(2, np.uint8)]).astype(np.uint32)
    words = padded[:-2] << 16 | padded[1:-1] << 8 | padded[2:]
    windows = ((words[:, np.newaxis] >> np.arange(8, 0, -1)) & 0xFFFF).reshape(-1)
    steps = used[windows].tolist()
    places, at = [0] * count, 0
    for number in range(count):
        if at >= len(steps) or not steps[at]:
            raise ValueError("a Huffman code ends too early, or is of more than 16 bits")
        places[number] = at
        at += steps[at]
    integers: Integers = symbols[windows[places]].view(np.int8)
    return integers


def _looks(coded: HuffmanCoded) -> tuple[Bytes, Bytes]:
    """The symbol at the beginning of each value of 16 bits, and the bits of its code; 0 where none ends in them."""
    symbols, used = np.zeros((2, 1 << _WINDOW), np.uint8)
    table = coded.table.tolist()
    waiting = [(0, coded.first_bits, 0, 0)]  # a table's place and bits, and the bits before it with their number
    while waiting:
        place, bits, prefix, before = waiting.pop()
        read = before + bits
        if read > _WINDOW:
            continue
        for index, entry in enumerate(table[place : place + (1 << bits)]):
            begins = prefix << bits | index
            count = (entry & ~_FOUND) >> _SHIFT
            if entry & _FOUND:
                windows = slice(begins << _WINDOW - read, (begins + 1) << _WINDOW - read)
                symbols[windows], used[windows] = entry & 0xFF, before + min(count, bits)
            else:
                waiting.append((place + index + (entry & _PLACE), count + 1, begins, read))
    return symbols, used


def _canonical(of_symbols: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The codes of symbols whose lengths are given: by length, then by symbol; 0 where there is none."""
    codes = np.zeros(_SYMBOLS, np.int64)
    code = before = 0
    for symbol in sorted(np.flatnonzero(of_symbols), key=lambda each: (of_symbols[each], each)):
        code <<= int(of_symbols[symbol]) - before
        codes[symbol], before = code, int(of_symbols[symbol])
        code += 1
    return codes


def _tables(
    of_symbols: npt.NDArray[np.int64], codes: npt.NDArray[np.int64], first: int, further: int
) -> tuple[list[int], int] | None:
    """Tables of at most ``first`` and ``further`` bits, and the bits of the first; ``None``: one lies out of reach."""
    left = [(int(codes[symbol]), int(of_symbols[symbol]), int(symbol)) for symbol in np.flatnonzero(of_symbols)]
    bits = min(first, max(length for _, length, _ in left))
    table = [0] * (1 << bits)
    waiting = [(0, bits, left)]
    while waiting:
        begin, bits, left = waiting.pop()
        for index, of_index in _by_index(bits, left):
            (_, length, symbol), *others = of_index
            if not others and length <= bits:
                table[begin + index] = _FOUND | length << _SHIFT | symbol
                continue
            more = min(further, max(length for _, length, _ in of_index) - bits)
            place = len(table) - (begin + index)
            if place > _PLACE:
                return None
            table[begin + index] = (more - 1) << _SHIFT | place
            rest = [(code & ((1 << length - bits) - 1), length - bits, symbol) for code, length, symbol in of_index]
            waiting.append((len(table), more, rest))
            table += [0] * (1 << more)
    return table, min(first, int(of_symbols.max()))


def _by_index(bits: int, left: list[tuple[int, int, int]]) -> Iterator[tuple[int, list[tuple[int, int, int]]]]:
    """The codes that begin with each value of ``bits`` bits; a shorter code begins with several."""
    found: dict[int, list[tuple[int, int, int]]] = {}
    for code, length, symbol in left:
        if length <= bits:
            for index in range(code << bits - length, (code + 1) << bits - length):
                found.setdefault(index, []).append((code, length, symbol))
        else:
            found.setdefault(code >> length - bits, []).append((code, length, symbol))
    yield from sorted(found.items())


def _written(of_each: npt.NDArray[np.int64], codes: npt.NDArray[np.int64]) -> Bytes:
    """The codes one after the other, in whole words, and what the runtime may read beyond them."""
    ends = np.cumsum(of_each)
    bits = np.zeros(int(ends[-1]), np.uint8)
    for bit in range(int(of_each.max())):  # from each code's last bit to its first
        has = of_each > bit
        bits[ends[has] - 1 - bit] = codes[has] >> bit & 1
    packed = np.packbits(bits)
    return np.concatenate([packed, np.zeros(-len(packed) % _WORD + _WORD, np.uint8)])
