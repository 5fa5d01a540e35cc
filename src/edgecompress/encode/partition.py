"""Which tensors share a stream, and in which coders: by merging groups for as long as that makes the whole smaller.

Two groups that become one save what decoding costs once, and lose as far as one code fits both less well than two.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from edgecompress.encode import bits, group, huffman
from edgecompress.encode.coders import escape
from edgecompress.encode.group import MOST_ELEMENTS, Spec
from edgecompress.encode.member import GAP_LOW, INDEX_LOW, RICE, Integers, Member

Mode = Literal["fast-load", "smallest"]

MOST_STORED = 1 / 4
"""Fraction of its elements that a tensor may store for a wavelet: each takes some 100 bytes while it is decoded."""

PRICE = 1 / 32
"""Bits that a wavelet must save for each number at each level: splitting it there takes some 15 ns at load."""


@dataclass(frozen=True)
class Costs:
    """What a file format spends on decoding, in bytes, roughly: it decides what is merged, not what is written.

    For a group and for each tensor of it; for each coder; and for each level of a wavelet.
    """

    group: int
    member: int
    coder: dict[str, int]
    level: int

    def of(self, spec: Spec, members: int, levels: int = 0) -> int:
        """Bytes of a group's graph."""
        coders = self.coder.get(spec.gaps, 0) + self.coder.get(spec.values, 0)
        return self.group + members * self.member + coders + levels * self.level


@dataclass(frozen=True, eq=False)
class Planned:
    """Members, the best spec for them, and about what it costs."""

    members: tuple[Member, ...]
    spec: Spec
    cost: int


def partition(members: Sequence[Member], mode: Mode, costs: Costs) -> list[Planned]:
    """The members in groups, each with its spec.

    Each begins alone; as long as there is a gain, the two groups that gain most are merged.
    """
    groups = dict(enumerate(plan([each], mode, costs) for each in members))
    gains = {pair: _merged(groups, pair, mode, costs) for pair in combinations(groups, 2)}
    while gains:
        (one, other), (gain, merged) = max(gains.items(), key=lambda item: item[1][0])
        if gain <= 0 or merged is None:
            break
        groups[one] = merged
        del groups[other]
        gains = {pair: found for pair, found in gains.items() if not {one, other} & set(pair)}
        gains |= {(one, rest): _merged(groups, (one, rest), mode, costs) for rest in groups if rest != one}
    return list(groups.values())


def plan(members: Sequence[Member], mode: Mode, costs: Costs) -> Planned:
    """The cheapest spec for a group of ``members``, which are alike (:func:`_alike`)."""
    gaps = min(_gap_choices(members, mode, costs), key=lambda choice: choice[2])
    values = min(_value_choices(members, mode, costs), key=lambda choice: choice[2])
    spec = Spec(gaps[0], gaps[1], values[0], values[1])  # type: ignore[arg-type]
    codebooks = sum(each.palette.codebook.nbytes for each in members if each.palette)
    cost = gaps[2] + values[2] + codebooks + costs.group + len(members) * costs.member
    return Planned(tuple(members), spec, cost)


def _alike(one: Member, other: Member) -> bool:
    return (one.sparse, one.values) == (other.sparse, other.values)


def _merged(groups: dict[int, Planned], pair: tuple[int, int], mode: Mode, costs: Costs) -> tuple[int, Planned | None]:
    """What is gained by merging two groups, and the merged one."""
    one, other = (groups[number] for number in pair)
    members = (*one.members, *other.members)
    if not _alike(one.members[0], other.members[0]) or sum(each.reach for each in members) > MOST_ELEMENTS:
        return 0, None
    merged = plan(members, mode, costs)
    return one.cost + other.cost - merged.cost, merged


Choice = tuple[str, int, int]


def _gap_choices(members: Sequence[Member], mode: Mode, costs: Costs) -> Iterator[Choice]:
    """Coder, bits and about the bytes of data and graph of all ways to store the gaps."""
    if not members[0].sparse:
        yield "none", 0, 0
        return
    count = sum(each.count for each in members)
    upper = np.sum([each.rice_upper for each in members], axis=0)
    for k in RICE:
        yield "rice", k, (count * (1 + k) + int(upper[k])) // 8 + costs.coder["rice"]
    escapes = np.sum([each.escapes for each in members], axis=0)
    for width, more in zip(escape.WIDTHS, escapes, strict=True):
        yield "escape", width, width * (count + int(more)) // 8 + costs.coder["escape"]
    if mode == "smallest" and _few(members):
        counts = np.sum([each.gap_counts for each in members], axis=0)
        for k in GAP_LOW:
            yield "wavelet", k, _wavelet(counts[k], k, costs)


def _value_choices(members: Sequence[Member], mode: Mode, costs: Costs) -> Iterator[Choice]:
    """The same for the values, codebooks not counted."""
    count = sum(each.count for each in members)
    values = members[0].values
    if values != "palette":
        yield values, 0, count * (2 if values == "float16" else 4) + costs.coder[values]
        return
    entries = max(len(each.palette.codebook) for each in members if each.palette)
    for width in _widths(entries):
        yield "packed", width, count * width // 8 + costs.coder["packed"]
    if mode == "smallest" and _few(members):
        for k in INDEX_LOW:
            yield "wavelet", k, _wavelet(group.classes(members, k), k, costs)


def _few(members: Sequence[Member]) -> bool:
    """Whether so few elements are stored that a wavelet, which needs much memory for each, can be decoded at load."""
    return MOST_STORED * sum(each.weights.array.size for each in members) >= sum(each.count for each in members)


def _widths(entries: int) -> Iterable[int]:
    """The exact width, and whole bytes: more data, but fewer operators to unpack, which pays in a small tensor."""
    return sorted({bits.width(entries - 1), bits.WIDEST})


def _wavelet(counts: Integers, k: int, costs: Costs) -> int:
    """About what a wavelet costs: entropy, but no symbol less than a bit; leaves, levels, and the price of its bits."""
    present = counts[counts > 0]
    total = int(present.sum())
    ideal = -np.log2(present / max(total, 1))
    coded = float(np.sum(present * np.maximum(ideal, 1)))
    levels = min(huffman.LONGEST, int(np.ceil(ideal.max())) + 1) if len(present) > 1 else 0
    data = int((coded * (1 + PRICE) + total * k) / 8) + 8 * len(present)
    return data + levels * costs.level + costs.coder["wavelet"]
