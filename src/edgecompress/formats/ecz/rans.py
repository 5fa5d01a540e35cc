"""The entropy encoder: the counterpart of ``agent.ecz.rans``, which says what it is and what it is after."""

from dataclasses import dataclass

import numpy as np

from edgecompress.agent.ecz.rans import LEAST_STATE, Array

_BITS = (8, 10, 12, 14, 16)


@dataclass(frozen=True, eq=False)
class Frequencies:
    """The frequency of each symbol, in units of 2^-``bits``; made for one sequence."""

    units: Array
    bits: int
    symbols: int
    "How many symbols the table was made for."
    cost: float
    "What they take, in bits."
    bytes: float
    "What they and the table take, about."

    def described(self) -> list[int]:
        """The numbers that describe the table in a head."""
        numbers = [self.bits, len(self.units)]
        at = 0
        while at < len(self.units):
            numbers.append(int(self.units[at]))
            at += 1
            if not numbers[-1]:
                rest = np.flatnonzero(self.units[at:])
                zeros = int(rest[0]) if len(rest) else len(self.units) - at
                numbers.append(zeros)
                at += zeros
        return numbers


def frequencies(counts: Array) -> Frequencies:
    """The table with which symbols that occur so often take the fewest bytes, table included.

    At least two symbols occur, and at most 2^15 different ones.
    """
    used = counts.nonzero()[0]
    best, least = None, np.inf
    for bits in _BITS:
        if len(used) > 1 << (bits - 1):
            continue
        units = np.zeros(len(counts), np.int64)
        units[used] = _rounded(counts[used], bits)
        cost = float(np.sum(counts[used] * (bits - np.log2(units[used]))))
        runs = np.count_nonzero(np.diff(units == 0, prepend=False)) / 2
        table = 8 * (len(used) + np.count_nonzero(units >= 128) + np.count_nonzero(units >= 1 << 14) + 2 * runs)
        # A table that does not fit the first-level cache is slower: worth a fiftieth of a per cent for each step.
        total = (cost + table) * (1 + 0.0002 * (bits > 12) * (bits - 12))
        if total < least:
            best, least = Frequencies(units, bits, int(counts.sum()), cost, (cost + table) / 8), total
    assert best is not None
    return best


def _rounded(counts: Array, bits: int) -> Array:
    """``counts``, all positive, scaled to add up to 2^bits, none of them 0."""
    exact: Array = counts * ((1 << bits) / counts.sum())
    units: Array = np.maximum(exact.astype(np.int64), 1)
    left = (1 << bits) - int(units.sum())
    if left < 0:
        # What raising small ones to 1 took too much is taken from all others in proportion.
        spare = units - 1
        units -= spare * -left // spare.sum()
        left = (1 << bits) - int(units.sum())
    if left >= 0:
        units[np.argsort(units - exact)[:left]] += 1
    else:
        units[np.argsort(-units)[:-left]] -= 1
    return units


def encode(sequences: list[tuple[Array, Frequencies]], lanes: int) -> tuple[Array, Array]:
    """The states (uint32 [lanes]) and words (uint16) from which the sequences of symbols are decoded in their order."""
    states = np.full(lanes, LEAST_STATE, np.uint32)
    words: list[Array] = []
    for symbols, table in reversed(sequences):
        units = table.units.astype(np.uint32)[symbols]
        starts = (np.cumsum(table.units) - table.units).astype(np.uint32)[symbols]
        bits, spare = np.uint32(table.bits), np.uint32(32 - table.bits)
        for start in range((len(symbols) - 1) // lanes * lanes, -1, -lanes):
            unit, low = units[start : start + lanes], starts[start : start + lanes]
            state = states[: len(unit)]
            full = (state >> spare >= unit).nonzero()[0]
            words.append(state[full].astype(np.uint16))
            state[full] >>= np.uint32(16)
            quotient = state // unit
            state -= quotient * unit
            state += (quotient << bits) + low
    return states, np.concatenate([np.zeros(0, np.uint16), *reversed(words)])
