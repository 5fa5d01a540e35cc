"""Partition tensors into streams, each with its coder: streams are merged for as long as that makes the whole smaller.

Two streams that become one save what decoding costs once, and lose as far as one code fits both less well than two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from edgecompress.encode import bits, huffman, merging
from edgecompress.encode.coders import escape
from edgecompress.encode.group import MOST_ELEMENTS, Coder, Planned
from edgecompress.encode.member import RICE, Integers, Member
from edgecompress.encode.sums import GapSums, ValueSums, entropies, total

Mode = Literal["fast-load", "smallest"]
S = TypeVar("S", GapSums, ValueSums)

MOST_STORED = 1 / 4
"""Fraction of its elements that a tensor may store for a wavelet: each takes some 100 bytes while it is decoded."""

FEW = 2**16
"""Elements that may be stored in any case: they take a few megabytes at most."""

PRICE = 1 / 64
"""Bits that a wavelet must save for each number at each level: splitting it there takes some 15 ns at load."""


@dataclass(frozen=True)
class Costs:
    """The bytes that a file format spends on decoding, roughly: they decide what is merged, not what is written.

    For each tensor; for one that others are cut off with, which differ in their first dimension alone; more for one
    whose elements are placed among zeros; for one whose values are split; for a stream
    of each coder; for numbers of less than a byte, which have to be unpacked; and for each level of a wavelet.
    """

    member: int
    alike: int
    sparse: int
    split: int
    coder: dict[str, int]
    unpacking: int
    level: int

    def numbers(self, width: int) -> int:
        """For packed numbers of ``width`` bits, 0 where there are none."""
        return self.unpacking if 0 < width < bits.WIDEST else 0


def streams(members: Sequence[Member], mode: Mode, costs: Costs) -> tuple[list[Planned], list[Planned]]:
    """The streams of gaps and those of values for ``members``, which in both have the fillers that their gaps need."""
    sparse = [each for each in members if each.sparse]
    gaps = [_filled(planned) for planned in _partition(sparse, GapSums.of, lambda some: gap_coder(some, mode, costs))]
    filled = {each.name: each for planned in gaps for each in planned.members}
    stored = [filled.get(each.name, each) for each in members]
    kinds = {kind: [each for each in stored if each.values == kind] for kind in dict.fromkeys(e.values for e in stored)}
    values = (_partition(some, ValueSums.of, lambda sums: value_coder(sums, mode, costs)) for some in kinds.values())
    return gaps, [planned for some in values for planned in some]


def plan_gaps(members: Sequence[Member], mode: Mode, costs: Costs) -> Planned | None:
    """The cheapest coder for the gaps of sparse ``members``; ``None`` if they are too large to share a stream."""
    coded = gap_coder(total(map(GapSums.of, members)), mode, costs)
    return Planned(tuple(members), *coded) if coded else None


def plan_values(members: Sequence[Member], mode: Mode, costs: Costs) -> Planned | None:
    """The cheapest coder for the values of ``members``; ``None`` if they are not of one kind."""
    if len({each.values for each in members}) > 1:
        return None
    return Planned(tuple(members), *value_coder(total(map(ValueSums.of, members)), mode, costs))


def gap_coder(sums: GapSums, mode: Mode, costs: Costs) -> tuple[Coder, int] | None:
    """The cheapest coder for gaps of such sums, and its cost; ``None`` if the tensors are too large for one stream."""
    if sums.size > MOST_ELEMENTS:
        return None
    placed = sums.members * costs.sparse
    found = [(Coder("rice", k), _rice(sums, k, costs)) for k in RICE]
    found += [(Coder("escape", width), _escape(sums, width, costs)) for width in escape.WIDTHS]
    best = min(found, key=lambda each: each[1])
    if mode == "smallest" and _few(sums):
        best = _wavelet(sums.classes, costs, best)
    return best[0], best[1] + placed


def value_coder(sums: ValueSums, mode: Mode, costs: Costs) -> tuple[Coder, int]:
    """The same for values, codebooks not counted."""
    if sums.kind != "palette":
        return Coder(sums.kind), sums.count * (2 if sums.kind == "float16" else 4) + costs.coder[sums.kind]
    # Whole bytes are more data but need fewer operators to unpack, which pays in a small tensor.
    found = [
        (Coder("packed", width), sums.count * width // 8 + costs.coder["packed"] + costs.numbers(width))
        for width in sorted({sums.width, bits.WIDEST})
    ]
    best = min(found, key=lambda each: each[1])
    return _wavelet(sums.classes, costs, best) if mode == "smallest" and _few(sums) else best


def _rice(sums: GapSums, k: int, costs: Costs) -> int:
    return (sums.count * (1 + k) + int(sums.rice[k])) // 8 + costs.coder["rice"] + costs.numbers(k)


def _escape(sums: GapSums, width: int, costs: Costs) -> int:
    codes = sums.count + int(sums.escapes[width - escape.WIDTHS.start])
    return width * codes // 8 + costs.coder["escape"] + costs.numbers(width)


def _partition(
    members: Sequence[Member], sums: Callable[[Member], S], coder: Callable[[S], tuple[Coder, int] | None]
) -> list[Planned]:
    """Members in streams, each with its coder."""
    each = [sums(member) for member in members]
    parts = merging.partition(each, lambda some: found[1] if (found := coder(some)) else None)
    return [
        Planned(tuple(members[number] for number in part), *coded)
        for part in parts
        if (coded := coder(total(each[number] for number in part)))
    ]


def _filled(planned: Planned) -> Planned:
    if planned.coder.kind != "wavelet":
        return planned
    return Planned(tuple(each.filled(planned.coder.bits) for each in planned.members), planned.coder, planned.cost)


def _few(sums: GapSums | ValueSums) -> bool:
    """Return whether so few elements are stored that a wavelet, which needs much memory for each, can be decoded."""
    return sums.count <= max(FEW, MOST_STORED * sums.size)


def _wavelet(classes: Integers, costs: Costs, best: tuple[Coder, int]) -> tuple[Coder, int]:
    """``best``, or a wavelet that costs less: its bits, at their price; its leaves; its levels.

    A row of ``classes`` for each number of low bits. Entropy says how little a code can take, and so which of
    them need not be made.
    """
    leaves: list[int] = np.count_nonzero(classes, axis=1).tolist()
    shortest = [max(some - 1, 0).bit_length() for some in leaves]
    counts: list[int] = classes.sum(axis=1).tolist()

    def cost(k: int, coded: float, levels: int) -> int:
        data: int = int((coded * (1 + PRICE) + counts[k] * k) / 8) + 8 * leaves[k]
        return data + levels * costs.level + costs.coder["wavelet"] + costs.numbers(k)

    least = [cost(k, bits, shortest[k]) for k, bits in enumerate(entropies(classes).tolist())]
    for k in sorted(range(len(least)), key=least.__getitem__):
        if least[k] >= best[1]:
            break
        coded, levels = huffman.weigh(classes[k])
        # A limit on their length keeps codes about so short.
        if (found := cost(k, coded, min(levels, shortest[k] + 2))) < best[1]:
            best = Coder("wavelet", k), found
    return best
