"""A tensor as a member of a group: which of its elements are stored, their gaps and values, and what each coder needs.

All sums that decide between coders are taken once a member, so that the size of a group of any members follows from
adding a few short vectors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgecompress.encode.coders import escape, split
from edgecompress.encode.coders.wavelet import CLASSES
from edgecompress.encode.weights import Palette, Patterns, Positions, Weights, palette

Integers = npt.NDArray[np.int64]
Values = Literal["palette", "float16", "float32"]

SPLIT = ""
"""The name of the member that stands for all split tensors; no tensor of a model has it."""

_NONE: Positions = np.zeros(0, np.int32)

RICE = range(9)
GAP_LOW = range(7)
INDEX_LOW = range(3)


@dataclass(frozen=True, eq=False)
class Member:
    """A tensor to be stored with others.

    ``sparse``: only the elements at ``positions`` are stored, all others are +0.0; else all are, in order.
    ``positions``: flat, rising; some may be fillers, zeros that break a gap too long for its code. None if not sparse.
    ``split``: this is no tensor but several, one after the other, of these names and shapes; the palette is of the
    scales of their elements, and what is left of them is stored beside it.
    """

    name: str
    weights: Weights
    sparse: bool
    positions: Positions
    split: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, weights: Weights, *, sparse: bool) -> "Member":
        """The tensor, without fillers."""
        return cls(name, weights, sparse, weights.positions if sparse else _NONE)

    @classmethod
    def of_split(cls, tensors: Mapping[str, Weights]) -> "Member":
        """The tensors that are split; see ``coders.split.fits``."""
        joined = np.concatenate([each.array.reshape(-1) for each in tensors.values()])
        shapes = {name: each.array.shape for name, each in tensors.items()}
        return cls(SPLIT, Weights(joined), False, _NONE, shapes)

    @property
    def count(self) -> int:
        """Stored elements."""
        return len(self.positions) if self.sparse else self.weights.array.size

    @property
    def patterns(self) -> Patterns:
        """Bit patterns of the stored elements, taken together each time: they are asked for twice, and are many."""
        return self.weights.patterns[self.positions] if self.sparse else self.weights.patterns

    @cached_property
    def palette(self) -> Palette | None:
        """The palette of the stored elements, or of their scales, if they have one."""
        return palette(split.scales(self.patterns) if self.split else self.patterns)

    @property
    def beside(self) -> int:
        """Bytes that are stored beside the streams: the codebook, and fractions."""
        codebook = self.palette.codebook.nbytes if self.palette else 0
        return codebook + (split.size(self.count) if self.split else 0)

    @cached_property
    def values(self) -> Values:
        """The best way to store the values."""
        if self.palette:
            return "palette"
        return "float16" if self.weights.is_float16 else "float32"

    @cached_property
    def gaps(self) -> npt.NDArray[np.int32]:
        """Elements that are not stored before each stored one; of at most 2**29 elements (``group.MOST_ELEMENTS``)."""
        gaps = np.empty(len(self.positions), np.int32)
        if len(gaps):
            gaps[0] = self.positions[0]
            np.subtract(self.positions[1:], self.positions[:-1], out=gaps[1:], casting="same_kind")
            gaps[1:] -= 1
        return gaps

    @property
    def reach(self) -> int:
        """The end of the last stored element; what follows it is zero."""
        if not self.sparse:
            return self.count
        return int(self.positions[-1]) + 1 if self.count else 0

    @cached_property
    def index_counts(self) -> Integers:
        """The number of occurrences of each codebook entry, in the codebook's order, 0 up to entry 255."""
        counts = np.zeros(CLASSES, np.int64)
        if self.palette:
            counts[: len(self.palette.counts)] = self.palette.counts
        return counts

    @cached_property
    def rice_upper(self) -> Integers:
        """Sum of the gaps' upper parts for each ``k`` of ``RICE``."""
        return np.array([int(np.sum(self.gaps >> k)) for k in RICE])

    @cached_property
    def escapes(self) -> Integers:
        """Escapes that the gaps need for each width of ``escape.WIDTHS``."""
        return np.array([int(np.sum(self.gaps // escape.escape(width))) for width in escape.WIDTHS])

    @cached_property
    def gap_counts(self) -> Integers:
        """For each ``k`` of ``GAP_LOW``, how often each class of gap occurs, fillers counted: [7, 256]."""
        rows = []
        for k in GAP_LOW:
            fillers, rest = np.divmod(self.gaps, CLASSES << k)
            counts = np.bincount(rest >> k, minlength=CLASSES)
            counts[-1] += int(fillers.sum())
            rows.append(counts)
        return np.array(rows)

    def filled(self, k: int) -> "Member":
        """The member with as many fillers as gaps need whose class must be below 256 with ``k`` low bits."""
        longest = CLASSES << k
        fillers = self.gaps // longest
        total = int(fillers.sum())
        if not total:
            return self
        starts = self.positions - self.gaps  # the first element of each gap
        gap = np.repeat(np.arange(self.count), fillers)
        nth = np.arange(total) - np.repeat(np.cumsum(fillers) - fillers, fillers)
        places = starts[gap] + (nth + 1) * longest - 1
        return Member(self.name, self.weights, self.sparse, np.sort(np.concatenate([self.positions, places])))
