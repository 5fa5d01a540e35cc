"""Numbers in a Huffman code, its bits kept level by level: a Huffman-shaped wavelet matrix.

Huffman codes (D. Huffman, Proc. IRE 40(9), 1952) cannot be read by a runtime without a loop. Kept level by level they
can: level l holds bit l of all numbers whose codes are longer than l, and each level says how the numbers of the next
one are ordered: first those whose bit was 0, then those whose bit was 1, each in the order they had (Claude, Navarro &
Ordonez, "The wavelet matrix", Information Systems 47, 2015). Codes are assigned so that at each level the numbers that
end there come last. A decoder splits the places 0..n-1 in this way and ends with each symbol's places in one run.

Only the upper part of a number, its class, is coded so; ``low`` holds the low bits plain. Each level costs time at
load, and the low bits of an index into a codebook that is ordered by frequency hardly hold redundancy.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgecompress.encode import bits, huffman
from edgecompress.encode.bits import Numbers, PackedBits
from edgecompress.encode.blocks import blocks

Integers = npt.NDArray[np.int64]

CLASSES = 256

LEVEL = 186
"""About the bytes that the operators of a level take in a file: what a longer code must save more than."""


@dataclass(frozen=True, eq=False)
class Wavelet:
    """A sequence of ``count`` numbers.

    ``levels``: the bits of all levels, one after the other. The leaves are in the order of their code lengths;
    ``starts``, int32 [leaves], says where the run of each begins among the places in that order, and ``steps``, int32
    [leaves], by how much its number (its class, times 2**k) is larger than that of the leaf before it, so that a
    running sum gives the numbers. ``leaves_at``: how many leaves end at each level.
    """

    levels: PackedBits
    starts: npt.NDArray[np.int32]
    steps: npt.NDArray[np.int32]
    leaves_at: tuple[int, ...]
    low: PackedBits | None
    count: int

    @property
    def k(self) -> int:
        """Bits of the low part."""
        return self.low.bits if self.low else 0

    @property
    def size(self) -> int:
        """Bytes of the levels, their tables, and the low bits."""
        return self.levels.size + self.starts.nbytes + self.steps.nbytes + (self.low.size if self.low else 0)

    @property
    def symbols(self) -> Integers:
        """The class of each leaf."""
        symbols: Integers = np.cumsum(self.steps, dtype=np.int64) >> self.k
        return symbols

    @cached_property
    def shape(self) -> "TreeShape":
        """Sizes of the levels."""
        counts = np.zeros(CLASSES, np.int64)
        counts[self.symbols] = np.diff(self.starts, append=self.count)
        lengths = np.zeros(CLASSES, np.uint8)
        if self.leaves_at:  # else one symbol, which needs no bit
            lengths[self.symbols] = np.repeat(np.arange(1, len(self.leaves_at) + 1), self.leaves_at)
        return TreeShape(counts, lengths)


class TreeShape:
    """The layout that follows from class counts and code lengths alone: the codes, and the sizes of all levels.

    At level l, ``active[l]`` numbers are split, ``ones[l]`` of them with a bit that is set, and ``ended[l]`` end.
    """

    def __init__(self, counts: Integers, lengths: npt.NDArray[np.uint8]) -> None:
        present = np.flatnonzero(counts)
        self.leaves = present[np.argsort(lengths[present], kind="stable")]
        self.codes = np.zeros((len(counts), int(lengths.max(initial=0))), np.uint8)
        leaves_at = np.bincount(lengths[present], minlength=self.codes.shape[1] + 1)[1:]
        self.leaves_at = tuple(map(int, leaves_at))
        self._assign(lengths)
        longer = lengths[:, np.newaxis] > np.arange(self.codes.shape[1])
        ends = lengths[:, np.newaxis] == np.arange(1, self.codes.shape[1] + 1)
        self.active = tuple(map(int, counts @ longer))
        self.ones = tuple(map(int, counts @ self.codes))
        self.ended = tuple(map(int, counts @ ends))
        self.starts = (np.cumsum(counts[self.leaves]) - counts[self.leaves]).astype(np.int32)

    def _assign(self, lengths: npt.NDArray[np.uint8]) -> None:
        """Each level's nodes have two children each, all 0-children first; the last of them are the leaves."""
        nodes: list[tuple[int, ...]] = [()] if len(self.leaves) else []
        done = 0
        for level, leaves in enumerate(self.leaves_at):
            children = [(*node, bit) for bit in (0, 1) for node in nodes]
            inner = len(children) - leaves
            for symbol, code in zip(self.leaves[done : done + leaves], children[inner:], strict=True):
                self.codes[symbol, : level + 1] = code
            nodes, done = children[:inner], done + leaves
        assert not lengths.any() or not nodes, "the lengths are those of a complete prefix code"


def size(counts: Integers, total: int, k: int) -> int:
    """Bytes of ``total`` numbers whose classes occur ``counts`` times, with ``k`` low bits."""
    coded = int(np.sum(counts * lengths(counts)))
    return bits.size(coded, 1) + 8 * int(np.count_nonzero(counts)) + (bits.size(total, k) if k else 0)


def lengths(counts: Integers) -> npt.NDArray[np.uint8]:
    """The code lengths of classes that occur ``counts`` times: of Huffman codes with a limit, the best limit's.

    Levels count too: many that hardly split anything are not worth the operators that read them.
    """
    shortest = max(int(np.count_nonzero(counts)) - 1, 0).bit_length()
    found = (huffman.lengths(counts, longest) for longest in range(shortest, huffman.LONGEST + 1))
    return min(found, key=lambda tried: int(np.sum(counts * tried)) / 8 + LEVEL * int(tried.max(initial=0)))


def encode(numbers: Numbers, k: int) -> Wavelet:
    """``numbers``, none negative, with ``k`` low bits, 0 to 8; at most 256 classes."""
    classes = numbers >> k
    counts = sum(
        (np.bincount(classes[place], minlength=CLASSES) for place in blocks(len(classes))), np.zeros(CLASSES, int)
    )
    shape = TreeShape(counts, lengths(counts))
    current = classes.astype(np.uint8)
    levels = []
    for level, ended in enumerate(shape.ended):
        ones = shape.codes[:, level][current]
        levels.append(ones)
        chosen = ones.view(bool)
        current = np.concatenate([current[~chosen], current[chosen]])[: len(current) - ended]
    low = bits.pack(numbers & ((1 << k) - 1), k) if k else None
    stream = np.concatenate(levels) if levels else np.zeros(0, np.uint8)
    steps = np.diff(shape.leaves << k, prepend=0).astype(np.int32)
    return Wavelet(bits.pack(stream, 1), shape.starts, steps, shape.leaves_at, low, len(numbers))


def decode(code: Wavelet) -> Integers:
    """The numbers."""
    stream = bits.unpack(code.levels).view(bool)
    places = np.arange(code.count)
    runs = []
    start = 0
    for ended in code.shape.ended:
        ones = stream[start : start + len(places)]
        start += len(places)
        places = np.concatenate([places[~ones], places[ones]])
        runs.append(places[len(places) - ended :])
        places = places[: len(places) - ended]
    runs.append(places)  # all of them where there is one symbol, which needs no bit
    numbers = np.zeros(code.count, np.int64)
    numbers[np.concatenate(runs)] = np.repeat(code.symbols << code.k, np.diff(code.starts, append=code.count))
    if code.low:
        numbers |= bits.unpack(code.low)
    return numbers
