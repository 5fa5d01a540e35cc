"""The sums that decide a stream's cost: added where streams merge, taken away where a member leaves.

No sum walks the members again, so that a stream of a thousand tensors is weighed as fast as one of two.
"""

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce
from math import log2
from typing import TypeVar

import numpy as np

from edgecompress.encode import bits
from edgecompress.encode.coders.wavelet import CLASSES
from edgecompress.encode.member import INDEX_LOW, Integers, Member, Values

S = TypeVar("S", "GapSums", "ValueSums")


@dataclass(frozen=True, eq=False)
class GapSums:
    """The sums over the gaps of some members.

    ``size``: elements of the tensors. ``rice``, ``escapes``, ``classes``: see ``Member.rice_upper``,
    ``Member.escapes`` and ``Member.gap_counts``.
    """

    members: int
    count: int
    size: int
    rice: Integers
    escapes: Integers
    classes: Integers

    @classmethod
    def of(cls, member: Member) -> "GapSums":
        """The sums of one member."""
        size = member.weights.array.size
        counts = member.rice_upper, member.escapes, member.gap_counts
        return cls(1, member.count, size, *counts)

    def __add__(self, other: "GapSums") -> "GapSums":
        return GapSums(
            self.members + other.members,
            self.count + other.count,
            self.size + other.size,
            self.rice + other.rice,
            self.escapes + other.escapes,
            self.classes + other.classes,
        )

    def __sub__(self, other: "GapSums") -> "GapSums":
        return GapSums(
            self.members - other.members,
            self.count - other.count,
            self.size - other.size,
            self.rice - other.rice,
            self.escapes - other.escapes,
            self.classes - other.classes,
        )

    @property
    def signature(self) -> float:
        """The mean gap between stored elements, in powers of two: the choice among codes depends on it most."""
        return log2(1 + self.size / max(self.count, 1))


@dataclass(frozen=True, eq=False)
class ValueSums:
    """The sums over the values of some members of one kind.

    ``widths``: how many of their codebooks need indices of each number of bits; ``indices``: how often each occurs.
    """

    kind: Values
    members: int
    count: int
    size: int
    widths: Integers
    indices: Integers

    @classmethod
    def of(cls, member: Member) -> "ValueSums":
        """The sums of one member."""
        widths = np.zeros(bits.WIDEST + 1, np.int64)
        if member.palette:
            widths[bits.width(len(member.palette.codebook) - 1)] = 1
        return cls(member.values, 1, member.count, member.weights.array.size, widths, member.index_counts)

    def __add__(self, other: "ValueSums") -> "ValueSums":
        assert self.kind == other.kind
        return ValueSums(
            self.kind,
            self.members + other.members,
            self.count + other.count,
            self.size + other.size,
            self.widths + other.widths,
            self.indices + other.indices,
        )

    def __sub__(self, other: "ValueSums") -> "ValueSums":
        return ValueSums(
            self.kind,
            self.members - other.members,
            self.count - other.count,
            self.size - other.size,
            self.widths - other.widths,
            self.indices - other.indices,
        )

    @property
    def width(self) -> int:
        """Bits of an index into the largest codebook."""
        return int(np.flatnonzero(self.widths)[-1])

    @cached_property
    def classes(self) -> Integers:
        """For each ``k`` of ``INDEX_LOW``, how often each class of index occurs: [3, 256]."""
        rows = np.zeros((len(INDEX_LOW), CLASSES), np.int64)
        for k in INDEX_LOW:
            rows[k, : CLASSES >> k] = self.indices.reshape(-1, 1 << k).sum(axis=1)
        return rows

    @property
    def signature(self) -> float:
        """Bits of an index, as a fraction of which the entropy of the indices orders codebooks of one size."""
        if self.kind != "palette":
            return 0.0
        return self.width + 0.999 * float(entropies(self.indices[np.newaxis])[0]) / max(8 * self.count, 1)


def total(each: Iterable[S]) -> S:
    """All of them added, of which there is at least one."""
    return reduce(operator.add, each)


def entropies(counts: Integers) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """The bits that each row of counts takes at least, of any prefix code: float64 [rows]."""
    logs = np.log2(counts, out=np.zeros(counts.shape), where=counts > 0)
    totals = counts.sum(axis=1)
    found: np.ndarray[tuple[int], np.dtype[np.float64]] = totals * np.log2(np.maximum(totals, 1)) - (counts * logs).sum(
        axis=1
    )
    return found
