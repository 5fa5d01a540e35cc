"""Choosing how a sequence of unsigned numbers is coded, by computed bytes; ``agent.ecz.integers`` has what there is."""

from dataclasses import dataclass

import numpy as np

from edgecompress.agent.ecz import integers as form
from edgecompress.agent.ecz.rans import Array
from edgecompress.formats.ecz.block import Block
from edgecompress.formats.ecz.rans import Frequencies, frequencies

_SPLITS = ((16, 0), (10, 4), (8, 3), (6, 3), (4, 2), (2, 1))
"""k and m of the tokens that are tried; the first makes every number below 2^16 a token of its own."""
_LARGEST_ALPHABET = 1 << 13
_SAMPLE = 1 << 16
BYTES_A_SYMBOL = 0.0025
"""What the time to decode one symbol is worth: fewer symbols are better than so few bytes less."""
_DESCRIBED, _DESCRIBED_SYMBOL = 4, 1.3
"""Bytes of a description without its table, and about what each symbol of a table takes."""


@dataclass(frozen=True, eq=False)
class Coding:
    """The coding of one sequence of numbers, and the ``bytes`` that it takes, description included."""

    bytes: float
    mode: int
    value: int = 0
    "The constant, or the bits of a plain number."
    split: tuple[int, int] = (0, 0)
    table: Frequencies | None = None

    def describe(self, block: Block) -> None:
        """Write the description into the head."""
        block.number(self.mode)
        if self.table is None:
            block.number(self.value)
        else:
            block.number(*self.split, *self.table.described())

    def write(self, block: Block, numbers: Array) -> None:
        """Write the next of the numbers."""
        if self.mode == form.PLAIN:
            block.plain(_plain(numbers, self.value))
        elif self.table is not None:
            tokens, extra, widths = tokenized(numbers, *self.split)
            block.symbols(tokens, self.table)
            block.extra_bits(extra, widths)


def choose(numbers: Array) -> Coding:
    """The coding of a sequence of numbers that takes the fewest bytes."""
    if not len(numbers):
        return Coding(2, form.CONSTANT)
    largest = int(numbers.max())
    if largest < 1 << 32 and largest == int(numbers.min()):
        return Coding(3, form.CONSTANT, largest)
    bits = next(width for width in form.PLAIN_BITS if width >= largest.bit_length())
    best = Coding(2 + len(numbers) * bits / 8, form.PLAIN, bits)
    if largest >= 1 << 32:
        return best
    if largest < 1 << 16:
        counts = np.bincount(numbers)
        values = counts.nonzero()[0]
        weights = counts[values]
    else:
        values, weights = numbers[:: max(1, len(numbers) // _SAMPLE)], None
    scale = len(numbers) / (len(values) if weights is None else len(numbers))
    split, least = (0, 0), best.bytes
    for each in _SPLITS:
        if largest >= 1 << 16 and each[0] == 16:
            continue
        tokens, _, widths = tokenized(values, *each)
        counts = np.bincount(tokens, weights)
        used = counts[counts > 0]
        if not 2 <= len(used) <= _LARGEST_ALPHABET:
            continue
        extra = float(widths.sum() if weights is None else (widths * weights[len(values) - len(widths) :]).sum())
        entropy = float(np.sum(used * np.log2(used.sum() / used)))
        size = _DESCRIBED + len(used) * _DESCRIBED_SYMBOL + (entropy + extra) * scale / 8
        if size < least:
            split, least = each, size
    if split == (0, 0):
        return best
    tokens, _, widths = tokenized(numbers, *split)
    table = frequencies(np.bincount(tokens))
    coded = Coding(_DESCRIBED + table.bytes + float(widths.sum()) / 8, form.CODED, split=split, table=table)
    return coded if coded.bytes + len(numbers) * BYTES_A_SYMBOL < best.bytes else best


def tokenized(numbers: Array, k: int, m: int) -> tuple[Array, Array, Array]:
    """Tokens (uint16), and the extra numbers and their widths of those numbers that have some, in their order."""
    if k >= 16:
        return numbers.astype(np.uint16), numbers[:0], np.zeros(0, np.int64)
    coarse = numbers >= 1 << k
    if not coarse.any():
        return numbers.astype(np.uint16), numbers[:0], np.zeros(0, np.int64)
    large = numbers[coarse].astype(np.int64)
    highest = np.frexp(large.astype(np.float64))[1].astype(np.int64) - 1
    widths = highest - m
    tokens = numbers.astype(np.uint16)
    tokens[coarse] = (1 << k) + ((highest - k) << m) + ((large >> widths) & (1 << m) - 1)
    return tokens, large & (1 << widths) - 1, widths


def _plain(numbers: Array, bits: int) -> bytes:
    if bits >= 8:
        return bytes(numbers.astype(f"<u{bits // 8}").tobytes())
    spread = np.zeros(-(-len(numbers) * bits // 8) * 8 // bits, np.uint8)
    spread[: len(numbers)] = numbers
    shifted = spread.reshape(-1, 8 // bits) << np.arange(0, 8, bits, dtype=np.uint8)
    packed: Array = np.bitwise_or.reduce(shifted, axis=1).astype(np.uint8)
    return packed.tobytes()
