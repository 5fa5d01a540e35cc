"""The entropy decoder: range asymmetric numeral systems with static tables, many lanes wide.

Duda, "Asymmetric numeral systems: entropy coding combining speed of Huffman coding with compression rate of arithmetic
coding", arXiv:1311.2540 (2013), section 2.3. Symbol i of a sequence belongs to lane i mod L, so NumPy decodes L
symbols with a handful of operations. Each lane is a state of 32 bits in [2^16, 2^32); all lanes share one sequence of
16-bit words, from which a lane whose state has fallen below 2^16 takes the next. Only integers are used, so every
platform decodes the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DamagedError
from .head import Head
from .limits import ALPHABET

Array = npt.NDArray[Any]

LEAST_STATE = 1 << 16
_16 = np.uint32(16)
_LOW = np.uint32(0xFFFF)


class RansTable:
    """The frequency of each symbol, in units of 2^-``bits``, laid out for decoding: slot to symbol, slot to step."""

    def __init__(self, frequencies: Array, bits: int) -> None:
        self.bits = bits
        starts = np.cumsum(frequencies) - frequencies
        offsets = np.arange(1 << bits) - np.repeat(starts, frequencies)
        self.symbols = np.repeat(np.arange(len(frequencies), dtype=np.uint16), frequencies)
        self.steps = (np.repeat(frequencies, frequencies) << 16 | offsets).astype(np.uint32)

    @classmethod
    def read(cls, head: Head) -> RansTable:
        """A table from a head: bits, alphabet, then each frequency; 0 is followed by how many more zeros there are.

        Raises:
            DamagedError: the frequencies do not add up to 2^bits, or fewer than two symbols occur.
        """
        bits = head.number(16)
        alphabet = head.number(ALPHABET)
        frequencies = np.zeros(alphabet, np.int64)
        at = 0
        while at < alphabet:
            frequency = head.number((1 << bits) - 1)
            if frequency:
                frequencies[at] = frequency
            else:
                at += head.number(alphabet - at - 1)
            at += 1
        if frequencies.sum() != 1 << bits:
            raise DamagedError("a frequency table does not add up")
        return cls(frequencies, bits)


class Lanes:
    """The decoder's state: goes on from sequence to sequence, whatever their tables."""

    def __init__(self, states: Array, words: Array) -> None:
        """``states`` uint32 [L], L at least 1 where anything is to be decoded; ``words`` uint16."""
        self._states = states.astype(np.uint32)
        self._words = words
        self._at = 0

    def decode(self, table: RansTable, count: int) -> Array:
        """The next ``count`` symbols, uint16.

        Raises:
            DamagedError: the words end before the symbols do.
        """
        width, words, at = len(self._states), self._words, self._at
        if count and not width:
            raise DamagedError("it has symbols but no lanes")
        slots = np.empty(count, np.uint16)
        mask, bits, steps = np.uint32((1 << table.bits) - 1), np.uint32(table.bits), table.steps
        for start in range(0, count, width or 1):
            states = self._states[: count - start]
            slot = states & mask
            slots[start : start + width] = slot
            step = steps.take(slot, mode="wrap")  # never wraps, and spares a copy that the default mode makes
            states >>= bits
            states *= step >> _16
            states += step & _LOW
            short = (states < LEAST_STATE).nonzero()[0]
            stop = at + len(short)
            if stop > len(words):
                raise DamagedError("its symbols end too early")
            refilled = states[short]
            refilled <<= _16
            refilled |= words[at:stop]
            states[short] = refilled
            at = stop
        self._at = at
        return table.symbols.take(slots)

    def finish(self) -> None:
        """Say that everything was decoded.

        Raises:
            DamagedError: words are left, or a lane is not where its encoder began.
        """
        if self._at != len(self._words) or (self._states != LEAST_STATE).any():
            raise DamagedError("its symbols do not end where they should")
