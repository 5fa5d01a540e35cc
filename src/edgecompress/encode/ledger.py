"""The ledger: what each tensor of a file is, how it is stored, what that costs, and what it could cost at best."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from edgecompress.encode.blocks import blocks
from edgecompress.record import Record


class TensorEntry(Record):
    """One weight tensor of a file. Shape, sparsity and distinct values are those of the decoded array."""

    name: str
    shape: tuple[int, ...]
    dtype: str = Field(description="NumPy name of the type the runtime computes with")
    elements: int = Field(ge=0)
    nonzero: int = Field(ge=0, description="elements that are not 0.0 (-0.0 counts as zero)")
    distinct: int = Field(ge=0, description="different bit patterns among all elements, zero included")
    encoding: str = Field(description="how the file holds it: raw, palette, gaps, csr-float16, ...")
    bytes: int = Field(ge=0, description="all the file spends on it: data, codebook and the operators that decode it")
    entropy_bytes: int = Field(ge=0, description="order-0 entropy bound: mask, indices and codebook")
    note: str = Field(default="", description="why it is stored no smaller, where there is a reason to tell")

    @classmethod
    def of(cls, name: str, array: npt.NDArray[np.generic], *, encoding: str, stored: int, note: str = "") -> Self:
        """The entry of ``array``, which the file holds in ``stored`` bytes as ``encoding``."""
        counts = _Counts.of(array)
        return cls(
            name=name,
            shape=array.shape,
            dtype=array.dtype.name,
            elements=array.size,
            nonzero=int(np.count_nonzero(array)),
            distinct=counts.distinct,
            encoding=encoding,
            bytes=stored,
            entropy_bytes=counts.entropy_bound(array),
            note=note,
        )

    @property
    def sparsity(self) -> float:
        """Fraction of the elements that are zero; 0 for an empty tensor."""
        return 1 - self.nonzero / self.elements if self.elements else 0.0

    @property
    def bits_per_weight(self) -> float:
        """Bits the file spends on one element; 0 for an empty tensor."""
        return 8 * self.bytes / self.elements if self.elements else 0.0

    @property
    def bound_ratio(self) -> float | None:
        """Bytes that the file spends over the entropy bound; null where that is 0."""
        return self.bytes / self.entropy_bytes if self.entropy_bytes else None


class Ledger(Record):
    """The bytes of a model file by tensor. What follows from its numbers is a property, so it cannot disagree."""

    tensors: tuple[TensorEntry, ...]
    file_bytes: int = Field(ge=0, description="size of the runnable file on disk")
    remarks: tuple[str, ...] = Field(default=(), description="what else is to be known of the file, a sentence each")

    @property
    def dense_bytes(self) -> int:
        """4 bytes for every element: the float32 size of all weights, without any graph."""
        return sum(4 * tensor.elements for tensor in self.tensors)

    @property
    def graph_bytes(self) -> int:
        """The bytes of the file that are not weights: operators, names, shapes, header."""
        return self.file_bytes - sum(tensor.bytes for tensor in self.tensors)

    @property
    def entropy_bytes(self) -> int:
        """The entropy bound of all weights together."""
        return sum(tensor.entropy_bytes for tensor in self.tensors)

    @property
    def compression_ratio(self) -> float:
        """Float32 bytes of all weights over the bytes of this whole file, graph included."""
        return self.dense_bytes / self.file_bytes

    @property
    def bound_ratio(self) -> float | None:
        """Bytes of the whole file, graph included, over the entropy bound of its weights; null where that is 0."""
        return self.file_bytes / self.entropy_bytes if self.entropy_bytes else None


def entropy_bound(array: npt.NDArray[np.generic]) -> int:
    """The order-0 entropy bound of an array, in bytes: what an ideal coder that knows the value counts would need.

    By the chain rule the entropy of the zero mask plus that of the nonzeros' indices is the entropy H of the values
    (Shannon 1948, section 6), so the bound is n H / 8 plus a codebook of the nonzero values, and never more than the
    plain array. Zero is implicit and needs no place in the codebook.
    """
    return _Counts.of(array).entropy_bound(array)


@dataclass(frozen=True)
class _Counts:
    """The occurrences of an array's bit patterns: the number of patterns for each number of occurrences.

    Nothing here distinguishes patterns that are equally frequent, and a large array may have as many patterns as
    elements; their numbers of occurrences are few.
    """

    patterns_by_occurrences: dict[int, int]
    has_zero: bool

    @classmethod
    def of(cls, array: npt.NDArray[np.generic]) -> Self:
        """The counts of ``array``. Takes the memory of one copy of it."""
        patterns = np.sort(_patterns(array))
        found: Counter[int] = Counter()
        begun = 0  # where the pattern begins that was seen last
        for part in blocks(len(patterns)):
            block = patterns[part.start : part.stop + 1]  # and the next one's first, to compare with
            begins = part.start + 1 + np.flatnonzero(block[1:] != block[:-1])
            if len(begins):
                lengths, times = np.unique(np.diff(begins, prepend=begun), return_counts=True)
                found.update(dict(zip(lengths.tolist(), times.tolist(), strict=True)))
                begun = int(begins[-1])
        if len(patterns):
            found[len(patterns) - begun] += 1
        return cls(dict(sorted(found.items())), bool(len(patterns)) and not patterns[0])

    @property
    def distinct(self) -> int:
        """Different patterns."""
        return sum(self.patterns_by_occurrences.values())

    def entropy_bound(self, array: npt.NDArray[np.generic]) -> int:
        """``entropy_bound`` of ``array``, whose counts these are."""
        if not array.size:
            return 0
        probabilities = np.array(list(self.patterns_by_occurrences)) / array.size
        patterns = np.array(list(self.patterns_by_occurrences.values()))
        bits = -array.size * float(np.sum(patterns * (probabilities * np.log2(probabilities))))
        coded = math.ceil(round(bits / 8, 6)) + (self.distinct - self.has_zero) * array.itemsize
        return min(coded, array.nbytes)


def _patterns(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """The flat array as unsigned integers of the same width, so that -0.0 and NaN payloads are values like others."""
    return np.ascontiguousarray(array).reshape(-1).view(np.dtype(f"u{array.itemsize}"))
