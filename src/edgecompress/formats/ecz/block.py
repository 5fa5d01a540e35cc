"""One block while it is written: its head, and the three streams that ``agent.ecz.integers.Streams`` reads."""

import zlib

import numpy as np

from edgecompress.agent.ecz import blocks, limits
from edgecompress.agent.ecz.rans import Array
from edgecompress.formats.ecz import rans


class Block:
    """Collects descriptions and sequences in the order in which they are read."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._symbols: list[tuple[Array, rans.Frequencies]] = []
        self._extra: list[tuple[Array, Array]] = []
        self._plain: list[bytes] = []
        self._coded = 0.0

    def number(self, *values: int) -> None:
        """Describe unsigned numbers."""
        for value in values:
            self._head += varint(value)

    def signed(self, value: int) -> None:
        """Describe a signed number."""
        self.number(2 * value if value >= 0 else -2 * value - 1)

    def symbols(self, symbols: Array, table: rans.Frequencies) -> None:
        """Add symbols (uint16) that are coded with a table."""
        if len(symbols):
            self._symbols.append((symbols, table))
            self._coded += table.cost * len(symbols) / table.symbols

    def extra_bits(self, numbers: Array, widths: Array) -> None:
        """Add ``numbers`` (below 2^32) of ``widths`` bits each."""
        if len(numbers):
            self._extra.append((numbers, widths))

    def plain(self, data: bytes) -> None:
        """Add bytes as they are."""
        self._plain.append(data)

    @property
    def size(self) -> float:
        """About what the payload takes so far."""
        extra = sum(float(widths.sum()) for _, widths in self._extra)
        return len(self._head) + (self._coded + extra) / 8 + sum(map(len, self._plain))

    def payload(self) -> bytes:
        """The block's payload."""
        lanes = 0
        states, words = np.zeros(0, np.uint32), np.zeros(0, np.uint16)
        if self._symbols:
            lanes = _lanes(self.size)
            states, words = rans.encode(self._symbols, lanes)
        head = bytes(self._head)
        deflated = deflate(head)
        packed = blocks.DEFLATED if len(deflated) < len(head) else blocks.STORED
        head = deflated if packed == blocks.DEFLATED else head
        extra, plain = _bit_stream(self._extra), b"".join(self._plain)
        lengths = (lanes, len(head), len(words), len(extra), len(plain))
        start = blocks.SECTIONS_HEAD.pack(blocks.SECTIONS, packed, *lengths)
        found = b"".join([start, head, states.astype("<u4").tobytes(), words.astype("<u2").tobytes(), extra, plain])
        assert len(self._head) <= limits.HEAD_BYTES
        assert len(found) <= limits.PAYLOAD_BYTES
        return found


def varint(value: int) -> bytes:
    """An unsigned number as LEB128."""
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def deflate(data: bytes) -> bytes:
    """``data`` as a raw deflate stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def _lanes(size: float) -> int:
    """Lanes for a payload of ``size`` bytes: each costs two, and all of them a thousandth of it at most."""
    lanes = 1
    while lanes < limits.LANES // 2 and lanes * 4 * 1000 <= size:
        lanes *= 2
    return lanes


def _bit_stream(parts: list[tuple[Array, Array]]) -> bytes:
    """Numbers of any widths one after the other, lowest bit first."""
    if not parts:
        return b""
    numbers = np.concatenate([part[0] for part in parts]).astype(np.uint64)
    widths = np.concatenate([part[1] for part in parts]).astype(np.int64)
    stops = np.cumsum(widths)
    starts = stops - widths
    total = int(stops[-1])
    shifted = numbers << (starts & 31).astype(np.uint64)
    word = starts >> 5
    # Bits of different numbers never meet, so that adding is joining; float64 adds 32-bit words exactly.
    length = total // 32 + 2
    sums = np.bincount(word, (shifted & np.uint64(0xFFFFFFFF)).astype(np.float64), length)
    sums += np.bincount(word + 1, (shifted >> np.uint64(32)).astype(np.float64), length)
    return sums.astype("<u4").tobytes()[: -(-total // 8)]
