"""Which tensors share a stream, and in which coder: by merging streams for as long as that makes the whole smaller.

Two streams that become one save what decoding costs once, and lose as far as one code fits both less well than two.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from edgecompress.encode import bits, huffman
from edgecompress.encode.coders import escape
from edgecompress.encode.group import MOST_ELEMENTS, Coder, Planned
from edgecompress.encode.member import GAP_LOW, INDEX_LOW, RICE, Integers, Member
from edgecompress.encode.sizes import classes, gap_classes

Mode = Literal["fast-load", "smallest"]

MOST_STORED = 1 / 4
"""Fraction of its elements that a tensor may store for a wavelet: each takes some 100 bytes while it is decoded."""

FEW = 2**16
"""Elements that may be stored in any case: they take a few megabytes at most."""

PRICE = 1 / 64
"""Bits that a wavelet must save for each number at each level: splitting it there takes some 15 ns at load."""


@dataclass(frozen=True)
class Costs:
    """What a file format spends on decoding, in bytes, roughly: it decides what is merged, not what is written.

    For each tensor; more for one whose elements are placed among zeros; for one whose values are split; for a stream
    of each coder; for numbers of less than a byte, which have to be unpacked; and for each level of a wavelet.
    """

    member: int
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
    gaps = [_filled(planned) for planned in _partition(sparse, lambda some: plan_gaps(some, mode, costs))]
    filled = {each.name: each for planned in gaps for each in planned.members}
    stored = [filled.get(each.name, each) for each in members]
    return gaps, _partition(stored, lambda some: plan_values(some, mode, costs))


def plan_gaps(members: Sequence[Member], mode: Mode, costs: Costs) -> Planned | None:
    """The cheapest coder for the gaps of sparse ``members``; ``None`` if they are too large to share a stream."""
    if sum(each.reach for each in members) > MOST_ELEMENTS:
        return None
    return _cheapest(members, _gap_coders(members, mode, costs))


def plan_values(members: Sequence[Member], mode: Mode, costs: Costs) -> Planned | None:
    """The cheapest coder for the values of ``members``; ``None`` if they are not of one kind."""
    kinds = {each.values for each in members}
    return _cheapest(members, _value_coders(members, mode, costs)) if len(kinds) == 1 else None


def _cheapest(members: Sequence[Member], coders: Iterator[tuple[Coder, int]]) -> Planned:
    coder, cost = min(coders, key=lambda found: found[1])
    return Planned(tuple(members), coder, cost)


def _partition(members: Sequence[Member], plan: Callable[[Sequence[Member]], Planned | None]) -> list[Planned]:
    """Each member begins alone; as long as there is a gain, the two streams that gain most are merged."""
    found = {number: alone for number, each in enumerate(members) if (alone := plan([each]))}

    def merged(one: int, other: int) -> tuple[int, Planned | None]:
        both = plan([*found[one].members, *found[other].members])
        return (found[one].cost + found[other].cost - both.cost, both) if both else (0, None)

    gains = {pair: merged(*pair) for pair in combinations(found, 2)}
    while gains:
        (one, other), (gain, both) = max(gains.items(), key=lambda item: item[1][0])
        if gain <= 0 or both is None:
            break
        found[one] = both
        del found[other]
        gains = {pair: kept for pair, kept in gains.items() if not {one, other} & set(pair)}
        gains |= {(one, rest): merged(one, rest) for rest in found if rest != one}
    return list(found.values())


def _filled(planned: Planned) -> Planned:
    if planned.coder.kind != "wavelet":
        return planned
    return Planned(tuple(each.filled(planned.coder.bits) for each in planned.members), planned.coder, planned.cost)


def _gap_coders(members: Sequence[Member], mode: Mode, costs: Costs) -> Iterator[tuple[Coder, int]]:
    """All ways to store the gaps, each with about the bytes of its data and its graph."""
    count = sum(each.count for each in members)
    placed = len(members) * costs.sparse
    upper = np.sum([each.rice_upper for each in members], axis=0)
    for k in RICE:
        data = (count * (1 + k) + int(upper[k])) // 8
        yield Coder("rice", k), data + placed + costs.coder["rice"] + costs.numbers(k)
    escapes = np.sum([each.escapes for each in members], axis=0)
    for width, more in zip(escape.WIDTHS, escapes, strict=True):
        data = width * (count + int(more)) // 8
        yield Coder("escape", width), data + placed + costs.coder["escape"] + costs.numbers(width)
    if mode == "smallest" and _few(members):
        for k in GAP_LOW:
            yield Coder("wavelet", k), placed + _wavelet(gap_classes(members, k), k, costs)


def _value_coders(members: Sequence[Member], mode: Mode, costs: Costs) -> Iterator[tuple[Coder, int]]:
    """The same for the values, codebooks not counted."""
    count = sum(each.count for each in members)
    kind = members[0].values
    if kind != "palette":
        yield Coder(kind), count * (2 if kind == "float16" else 4) + costs.coder[kind]
        return
    largest = max(len(each.palette.codebook) for each in members if each.palette) - 1
    # Whole bytes are more data but need fewer operators to unpack, which pays in a small tensor.
    for width in sorted({bits.width(largest), bits.WIDEST}):
        yield Coder("packed", width), count * width // 8 + costs.coder["packed"] + costs.numbers(width)
    if mode == "smallest" and _few(members):
        for k in INDEX_LOW:
            yield Coder("wavelet", k), _wavelet(classes(members, k), k, costs)


def _few(members: Sequence[Member]) -> bool:
    """Whether so few elements are stored that a wavelet, which needs much memory for each, can be decoded at load."""
    stored = sum(each.count for each in members)
    return stored <= max(FEW, MOST_STORED * sum(each.weights.array.size for each in members))


def _wavelet(counts: Integers, k: int, costs: Costs) -> int:
    """About what a wavelet costs: its bits, at their price; its leaves; its levels."""
    coded, levels = huffman.weigh(counts)
    total, leaves = int(counts.sum()), int(np.count_nonzero(counts))
    data = int((coded * (1 + PRICE) + total * k) / 8) + 8 * leaves
    levels = min(levels, max(leaves - 1, 0).bit_length() + 2)  # a limit on their length keeps codes about so short
    return data + levels * costs.level + costs.coder["wavelet"] + costs.numbers(k)
