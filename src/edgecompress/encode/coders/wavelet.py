"""Numbers in a Huffman code, its bits kept level by level: a Huffman-shaped wavelet matrix.

Huffman codes (D. Huffman, Proc. IRE 40(9), 1952) cannot be read by a runtime without a loop. Kept level by level they
can: level l holds bit l of all numbers whose codes are longer than l, and each level says how the numbers of the next
one are ordered: first those whose bit was 0, then those whose bit was 1, each in the order they had (Claude, Navarro &
Ordonez, "The wavelet matrix", Information Systems 47, 2015). Codes are assigned so that at each level the numbers that
end there come last. A decoder splits the places 0..n-1 in this way and ends with each symbol's places in one run.

A Huffman code spends a whole bit on a number at each level, also where nine of ten bits are the same: where two values
are nearly all that there are, as in weights clustered to a rate, their codes have one bit and two, and the second is
skewed. Such a level is stored as the Rice code of the gaps between its rarer bits (Rice 1979; see ``coders.rice``),
near their entropy.

Only the upper part of a number, its class, is coded so; ``low`` holds the low bits plain. Each level costs time at
load, and the low bits of an index into a codebook that is ordered by frequency hardly hold redundancy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgecompress.encode import bits, huffman
from edgecompress.encode.bits import Bytes, Numbers, PackedBits
from edgecompress.encode.blocks import blocks
from edgecompress.encode.coders import rice

Integers = npt.NDArray[np.int64]

CLASSES = 256

LEVEL = 186
"""About the bytes that the operators of a level take in a file: what a longer code must save more than."""

SKEWED = 400
"""About the bytes by which the operators of a skewed level exceed those of another."""

LOW = range(1, 8)
"""Low bits of the gaps in a skewed level. With none, a Rice code is the bits themselves."""


@dataclass(frozen=True)
class Skewed:
    """A level that is stored by its gaps.

    Among the bits of all levels are, instead of its own, ``unary`` ones: for each gap its upper part in zeros, then a
    one. Behind them are the ``k`` low bits of all gaps, inverted, the lowest first. ``rare``: the bit gaps lead to.
    """

    rare: int
    k: int
    unary: int


@dataclass(frozen=True, eq=False)
class Wavelet:
    """A sequence of ``count`` numbers.

    ``levels``: the bits of all levels, one after the other; ``skewed`` has, by their number, the levels that are stored
    by their gaps. The leaves are in the order of their code lengths;
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
    skewed: Mapping[int, Skewed] = field(default_factory=dict)

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

    def rare(self, level: int, bit: int) -> int:
        """The number of those that have ``bit`` at a level."""
        return self.ones[level] if bit else self.active[level] - self.ones[level]

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
    """Bytes of ``total`` numbers whose classes occur ``counts`` times, with ``k`` low bits, if no level is skewed."""
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
    levels, skewed = [], {}
    for level, ended in enumerate(shape.ended):
        ones = shape.codes[:, level][current]
        stored, found = _stored(ones)
        levels.append(stored)
        if found:
            skewed[level] = found
        chosen = ones.view(bool)
        current = np.concatenate([current[~chosen], current[chosen]])[: len(current) - ended]
    low = bits.pack(numbers & ((1 << k) - 1), k) if k else None
    stream = np.concatenate(levels) if levels else np.zeros(0, np.uint8)
    steps = np.diff(shape.leaves << k, prepend=0).astype(np.int32)
    return Wavelet(bits.pack(stream, 1), shape.starts, steps, shape.leaves_at, low, len(numbers), skewed)


def decode(code: Wavelet) -> Integers:
    """The numbers."""
    stream = bits.unpack(code.levels).view(bool)
    places = np.arange(code.count)
    runs = []
    start = 0
    for level, ended in enumerate(code.shape.ended):
        size = _bits(code, level)
        ones = _level(stream[start : start + size], code.skewed.get(level), len(places))
        start += size
        places = np.concatenate([places[~ones], places[ones]])
        runs.append(places[len(places) - ended :])
        places = places[: len(places) - ended]
    runs.append(places)  # all of them where there is one symbol, which needs no bit
    numbers = np.zeros(code.count, np.int64)
    numbers[np.concatenate(runs)] = np.repeat(code.symbols << code.k, np.diff(code.starts, append=code.count))
    if code.low:
        numbers |= bits.unpack(code.low)
    return numbers


def _bits(code: Wavelet, level: int) -> int:
    """The bits that a level has among those of all levels."""
    found = code.skewed.get(level)
    return found.unary + found.k * code.shape.rare(level, found.rare) if found else code.shape.active[level]


def _stored(ones: Bytes) -> tuple[Bytes, Skewed | None]:
    """The bits of a level as they are, or of the gaps between the rarer ones where that saves more than it costs."""
    count = int(np.count_nonzero(ones))
    rare = int(2 * count <= len(ones))
    number = count if rare else len(ones) - count
    most = (len(ones) - _entropy(number, len(ones))) / 8
    if most <= SKEWED:
        return ones, None
    gaps = np.diff(np.flatnonzero(ones == rare), prepend=-1) - 1
    sizes = {k: int(np.sum(gaps >> k)) + (1 + k) * number for k in LOW}
    k = min(sizes, key=sizes.__getitem__)
    if (len(ones) - sizes[k]) / 8 <= SKEWED:
        return ones, None
    code = rice.encode(gaps, k)
    assert code.low is not None
    low = bits.unpack(code.low)
    planes = [(low >> plane) & np.uint8(1) for plane in range(k)]
    return np.concatenate([code.unary, *planes]), Skewed(rare, k, len(code.unary))


def _entropy(number: int, of: int) -> float:
    """The bits that it takes at least to say which ``number`` of so many are chosen, if any might be."""
    shares = np.array([number, of - number]) / max(of, 1)
    return -of * float(np.sum(shares * np.log2(shares, out=np.zeros(2), where=shares > 0)))


def _level(stored: npt.NDArray[np.bool_], found: Skewed | None, size: int) -> npt.NDArray[np.bool_]:
    """The bits of a level, from those that are stored for it."""
    if found is None:
        return stored
    unary, planes = stored[: found.unary], stored[found.unary :].reshape(found.k, -1)
    low = np.zeros(planes.shape[1], np.uint8)
    for place, plane in enumerate(planes):
        low |= plane.astype(np.uint8) << place
    gaps = rice.decode(rice.Rice(unary.view(np.uint8), bits.pack(low, found.k), planes.shape[1]))
    ones = np.full(size, not found.rare)
    ones[np.cumsum(gaps + 1) - 1] = found.rare
    return ones
