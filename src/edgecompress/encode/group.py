"""Tensors stored in one stream: the gaps of all of them in one code, the values of all of them in another.

What it takes to decode is spent once a group and not once a tensor, and a code that all share needs one table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgecompress.encode import bits, member
from edgecompress.encode.bits import Packed
from edgecompress.encode.coders import escape, plain, rice, wavelet
from edgecompress.encode.coders.escape import Escape
from edgecompress.encode.coders.plain import Plain
from edgecompress.encode.coders.rice import Rice
from edgecompress.encode.coders.wavelet import Wavelet
from edgecompress.encode.member import Member
from edgecompress.encode.weights import Floats

MOST_ELEMENTS = 2**30
"""Elements of a group: decoders add up gaps in int32."""


@dataclass(frozen=True)
class Spec:
    """How a group is coded. ``gap_bits``, ``value_bits``: the width of packed numbers, else the low bits of the coder.

    ``gaps`` is "none" where all elements are stored.
    """

    gaps: Literal["none", "rice", "escape", "wavelet"]
    gap_bits: int
    values: Literal["packed", "wavelet", "float16", "float32"]
    value_bits: int

    def __str__(self) -> str:
        """As in ``rice3+packed5``: the coder of the gaps, if any, and the coder of the values."""
        gaps = "" if self.gaps == "none" else f"{self.gaps}{self.gap_bits}+"
        return f"{gaps}{self.values}{self.value_bits if self.values in ('packed', 'wavelet') else ''}"


@dataclass(frozen=True, eq=False)
class Part:
    """A tensor of a group: ``count`` elements are stored; the gaps of the parts before it reach to ``offset``."""

    name: str
    shape: tuple[int, ...]
    count: int
    offset: int
    codebook: Floats | None


@dataclass(frozen=True, eq=False)
class Group:
    """Encoded tensors. ``gaps`` is ``None`` where all elements are stored."""

    spec: Spec
    parts: tuple[Part, ...]
    gaps: Rice | Escape | Wavelet | None
    values: Packed | Wavelet | Plain

    @property
    def size(self) -> int:
        """Bytes of all stored arrays."""
        codebooks = sum(part.codebook.nbytes for part in self.parts if part.codebook is not None)
        return codebooks + self.values.size + (self.gaps.size if self.gaps else 0)


def encode(members: Sequence[Member], spec: Spec) -> Group:
    """The group of ``members``, which fit ``spec``."""
    if spec.gaps == "wavelet":
        members = [each.filled(spec.gap_bits) for each in members]
    parts, offset = [], 0
    for each in members:
        codebook = each.palette.codebook if each.palette and spec.values in ("packed", "wavelet") else None
        parts.append(Part(each.name, each.weights.array.shape, each.count, offset, codebook))
        offset += each.reach
    return Group(spec, tuple(parts), _gaps(members, spec), _values(members, spec))


def decode(group: Group) -> dict[str, Floats]:
    """The arrays of all tensors of a group, by name."""
    counts = [part.count for part in group.parts]
    cuts = np.cumsum(counts)[:-1]
    gaps = None if group.gaps is None else np.split(_decoded_gaps(group.gaps), cuts)
    values = np.split(_decoded_values(group.values), cuts)
    arrays = {}
    for number, part in enumerate(group.parts):
        stored = values[number] if part.codebook is None else part.codebook[values[number].astype(np.intp)]
        if gaps is not None:
            flat = np.zeros(int(np.prod(part.shape, dtype=np.int64)), np.float32)
            flat[np.cumsum(gaps[number] + 1) - 1] = stored
            stored = flat
        arrays[part.name] = stored.astype(np.float32, copy=False).reshape(part.shape)
    return arrays


def size(members: Sequence[Member], spec: Spec) -> int:
    """Exact bytes of :func:`encode` without encoding; with a wavelet of gaps, of members that are filled already."""
    count = sum(each.count for each in members)
    total = _size_of_gaps(members, spec, count)
    if spec.values in ("float16", "float32"):
        return total + count * (2 if spec.values == "float16" else 4)
    total += sum(each.palette.codebook.nbytes for each in members if each.palette)
    if spec.values == "packed":
        return total + bits.size(count, spec.value_bits)
    return total + wavelet.size(classes(members, spec.value_bits), count, spec.value_bits)


def classes(members: Sequence[Member], low: int) -> member.Integers:
    """How often each class of index occurs in all members together."""
    counts: member.Integers = sum(each.index_counts for each in members).reshape(-1, 1 << low).sum(axis=1)  # type: ignore[union-attr]
    return counts


def _size_of_gaps(members: Sequence[Member], spec: Spec, count: int) -> int:
    if spec.gaps == "rice":
        return rice.size(count, sum(int(each.rice_upper[spec.gap_bits]) for each in members), spec.gap_bits)
    if spec.gaps == "escape":
        column = spec.gap_bits - escape.WIDTHS.start
        return escape.size(count, sum(int(each.escapes[column]) for each in members), spec.gap_bits)
    if spec.gaps == "wavelet":
        counts = np.sum([each.gap_counts[spec.gap_bits] for each in members], axis=0)
        return wavelet.size(counts, int(counts.sum()), spec.gap_bits)
    return 0


def _gaps(members: Sequence[Member], spec: Spec) -> Rice | Escape | Wavelet | None:
    if spec.gaps == "none":
        return None
    gaps = np.concatenate([each.gaps for each in members])
    if spec.gaps == "rice":
        return rice.encode(gaps, spec.gap_bits)
    return escape.encode(gaps, spec.gap_bits) if spec.gaps == "escape" else wavelet.encode(gaps, spec.gap_bits)


def _values(members: Sequence[Member], spec: Spec) -> Packed | Wavelet | Plain:
    if spec.values in ("float16", "float32"):
        values = np.concatenate([each.patterns for each in members]).view(np.float32)
        return plain.encode(values, half=spec.values == "float16")
    indices = np.concatenate([each.palette.indices for each in members if each.palette])
    if spec.values == "packed":
        return bits.pack(indices, spec.value_bits)
    return wavelet.encode(indices.astype(np.int64), spec.value_bits)


def _decoded_gaps(gaps: Rice | Escape | Wavelet) -> member.Integers:
    if isinstance(gaps, Rice):
        return rice.decode(gaps)
    return escape.decode(gaps) if isinstance(gaps, Escape) else wavelet.decode(gaps)


def _decoded_values(values: Packed | Wavelet | Plain) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    if isinstance(values, Plain):
        return plain.decode(values)
    return bits.unpack(values) if isinstance(values, Packed) else wavelet.decode(values)
