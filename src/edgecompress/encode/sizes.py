"""What a group takes, counted exactly before anything is encoded."""

from collections.abc import Sequence

import numpy as np

from edgecompress.encode import bits
from edgecompress.encode.coders import escape, rice, split, wavelet
from edgecompress.encode.group import Planned, joined, planes
from edgecompress.encode.member import Integers, Member


def size(gaps: Sequence[Planned], values: Sequence[Planned]) -> int:
    """Exact bytes of the group that ``group.encode`` makes of these."""
    members = [each for planned in values for each in planned.members]
    codebooks = [each.palette.codebook for each in members if each.palette]
    fractions = sum(split.size(each.count) for each in members if each.split)
    rice_codes = [
        (k, sum(each.count + int(each.rice_upper[k]) for each in planned.members))
        for planned in gaps
        if planned.coder.kind == "rice"
        for k in [planned.coder.bits]
    ]
    unary = sum(bits.size(sum(size for _, size in plane), 1) for plane in planes(rice_codes, lambda code: code))
    shared = joined(codebooks).nbytes + fractions + unary
    return shared + sum(map(_size_of_gaps, gaps)) + sum(map(_size_of_values, values))


def classes(members: Sequence[Member], low: int) -> Integers:
    """How often each class of index, the index without its ``low`` lowest bits, occurs in all members together."""
    counts: Integers = np.sum([each.index_counts for each in members], axis=0).reshape(-1, 1 << low).sum(axis=1)
    return counts


def gap_classes(members: Sequence[Member], low: int) -> Integers:
    """How often each class of gap occurs in all members together, gaps broken by fillers where they are too long."""
    counts: Integers = np.sum([each.gap_counts[low] for each in members], axis=0)
    return counts


def _size_of_gaps(planned: Planned) -> int:
    members, coder = planned.members, planned.coder
    count = sum(each.count for each in members)
    if coder.kind == "rice":
        return rice.size(count, coder.bits)
    if coder.kind == "escape":
        column = coder.bits - escape.WIDTHS.start
        return escape.size(count, sum(int(each.escapes[column]) for each in members), coder.bits)
    return wavelet.size(gap_classes(members, coder.bits), count, coder.bits)


def _size_of_values(planned: Planned) -> int:
    coder = planned.coder
    count = sum(each.count for each in planned.members)
    if coder.kind == "packed":
        return bits.size(count, coder.bits)
    if coder.kind == "wavelet":
        return wavelet.size(classes(planned.members, coder.bits), count, coder.bits)
    return count * (2 if coder.kind == "float16" else 4)
