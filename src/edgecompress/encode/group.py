"""Tensors whose elements lie in streams that they share: the gaps of some in one code, the values of some in another.

What it takes to decode is spent once a stream and not once a tensor, and a code that many share needs one table. The
two kinds of stream are independent: tensors of different sparsity, whose gaps need different codes, can share one of
values.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from edgecompress.encode import bits
from edgecompress.encode.bits import PackedBits
from edgecompress.encode.coders import escape, plain, rice, split, wavelet
from edgecompress.encode.coders.escape import Escape
from edgecompress.encode.coders.plain import Plain
from edgecompress.encode.coders.rice import Rice
from edgecompress.encode.coders.split import Fractions
from edgecompress.encode.coders.wavelet import Wavelet
from edgecompress.encode.member import SPLIT, Integers, Member
from edgecompress.encode.weights import Floats, Weights

MOST_ELEMENTS = 2**29
"""Elements of the tensors of a stream of gaps: decoders add gaps up in int32, and get up to a few times as far."""

MOST_IN_A_PLANE = 2**31
"""What the zeros and ones of Rice codes that are joined may stand for, in elements: again a bound of int32."""

LARGE = 2**20
"""Elements from which a sparse tensor is put together by itself: to cut it out of many would take time and memory."""

GapCode = Rice | Escape | Wavelet
ValueCode = PackedBits | Wavelet | Plain
Code = TypeVar("Code", bound=Rice | Escape | Wavelet | PackedBits | Plain)
Each = TypeVar("Each")


@dataclass(frozen=True)
class Coder:
    """The coder of a stream. ``bits``: the width of packed numbers or escapes, else the low bits of each number."""

    kind: Literal["rice", "escape", "wavelet", "packed", "float16", "float32"]
    bits: int = 0

    def __str__(self) -> str:
        """The name of the coder, as in ``rice3``."""
        return self.kind if self.kind.startswith("float") else f"{self.kind}{self.bits}"


@dataclass(frozen=True, eq=False)
class Planned:
    """Members that share a stream, its coder, and about what the stream costs."""

    members: tuple[Member, ...]
    coder: Coder
    cost: int


@dataclass(frozen=True, eq=False)
class Stream(Generic[Code]):
    """An encoded stream: the tensors in it, in their order, and the code of all their elements."""

    coder: Coder
    names: tuple[str, ...]
    code: Code


@dataclass(frozen=True, eq=False)
class Plane:
    """Streams of Rice codes whose zeros and ones are one sequence, ``unary``: those of one stream after the other."""

    streams: tuple[Stream[Rice], ...]
    unary: PackedBits


@dataclass(frozen=True, eq=False)
class Part:
    """A tensor of a group: ``count`` of its elements are stored.

    ``offset``: where it begins among the tensors of its stream of gaps, in elements. ``codebook``: what the
    numbers in the stream of values stand for; ``None`` where they are the values.
    """

    shape: tuple[int, ...]
    count: int
    offset: int
    codebook: Floats | None


@dataclass(frozen=True, eq=False)
class Group:
    """Encoded tensors by name. One that is in no stream of gaps has all its elements stored.

    The tensors are in one order everywhere, in ``parts`` and within each stream, so that what is decoded together can
    stay together: sparse ones below ``LARGE`` first, then by stream of gaps, then by stream of values, then by shape.

    The tensors of a stream of gaps follow one another as if they were one, so that a decoder knows no tensor from the
    next; but in a wavelet, where a tensor ends with its last nonzero: longer gaps would need fillers of their own.

    ``split``: shapes of the tensors whose values are split. All of them, one after the other, are the part ``SPLIT``,
    whose codebook has their scales; ``fractions`` are theirs too.
    """

    parts: dict[str, Part]
    gaps: tuple[Stream[GapCode], ...]
    values: tuple[Stream[ValueCode], ...]
    split: dict[str, tuple[int, ...]]
    fractions: Fractions

    @property
    def size(self) -> int:
        """Bytes of all stored arrays."""
        gaps, values = (sum(stream.code.size for stream in kind) for kind in (self.gaps, self.values))
        shared = self.codebooks.nbytes + self.fractions.size + sum(plane.unary.size for plane in self.planes)
        return shared + gaps + values

    @cached_property
    def planes(self) -> tuple[Plane, ...]:
        """The zeros and ones of all Rice codes, those with the most low bits first."""
        streams = [Stream(each.coder, each.names, each.code) for each in self.gaps if isinstance(each.code, Rice)]
        return tuple(
            Plane(tuple(some), bits.pack(np.concatenate([each.code.unary for each in some]), 1))
            for some in planes(streams, lambda each: (each.code.k, len(each.code.unary)))
        )

    @property
    def codebooks(self) -> npt.NDArray[np.float32] | npt.NDArray[np.float16]:
        """The codebooks of all tensors that have one, in their order, in float16 if that holds them all exactly."""
        return joined([part.codebook for part in self.parts.values() if part.codebook is not None])

    def labels(self) -> dict[str, str]:
        """For each tensor the coders of its gaps, if any, and of its values, as in ``rice3+wavelet1``.

        Of a split one, the coder of its scales, as in ``packed4+fractions``.
        """
        found: dict[str, list[str]] = {name: [] for name in self.parts}
        coders = [(stream.names, stream.coder) for stream in self.gaps]
        coders += [(stream.names, stream.coder) for stream in self.values]
        for names, coder in coders:
            for name in names:
                found[name].append(str(coder))
        scales = found.pop(SPLIT, [])
        labels = {name: "+".join(label) for name, label in found.items()}
        return labels | dict.fromkeys(self.split, "+".join([*scales, "fractions"]))


def encode(gaps: Sequence[Planned], values: Sequence[Planned]) -> Group:
    """The group of the members of ``values``; those of ``gaps`` are the sparse ones of them, with the same fillers."""
    order = order_of(gaps, values)
    offsets = dict.fromkeys(order, 0)
    for planned in gaps:
        offset = 0
        for each in in_order(planned, order):
            offsets[each.name] = offset
            offset += spanned(each, planned.coder)
    members = {each.name: each for planned in values for each in planned.members}
    parts = {
        name: Part(
            members[name].weights.array.shape,
            members[name].count,
            offsets[name],
            palette.codebook if (palette := members[name].palette) else None,
        )
        for name in order
    }
    joined = members.get(SPLIT)
    return Group(
        parts,
        tuple(_stream(planned, order, _gap_code) for planned in gaps),
        tuple(_stream(planned, order, _value_code) for planned in values),
        joined.split if joined else {},
        split.fractions(joined.patterns if joined else np.zeros(0, np.uint32)),
    )


def decode(group: Group) -> dict[str, Floats]:
    """The arrays of all tensors of a group, by name."""
    ends = {
        name: found
        for stream in group.gaps
        for name, found in _pieces(group, stream, np.cumsum(_gaps(stream.code) + 1))
    }
    arrays = {}
    for stream in group.values:
        for name, found in _pieces(group, stream, _values(stream.code)):
            part = group.parts[name]
            stored = found if part.codebook is None else part.codebook[found.astype(np.intp)]
            if name in ends:
                flat = np.zeros(int(np.prod(part.shape, dtype=np.int64)), np.float32)
                flat[ends[name].astype(np.intp) - 1 - part.offset] = stored
                stored = flat
            arrays[name] = stored.astype(np.float32, copy=False).reshape(part.shape)
    if SPLIT in arrays:
        values = split.join(arrays.pop(SPLIT), group.fractions)
        stops = np.cumsum([math.prod(shape) for shape in group.split.values()])
        pieces = zip(group.split.items(), np.split(values, stops[:-1]), strict=True)
        arrays |= {name: piece.reshape(shape) for (name, shape), piece in pieces}
    return arrays


def order_of(gaps: Sequence[Planned], values: Sequence[Planned]) -> dict[str, int]:
    """The place of each member in the order of the group, by name."""
    gap_stream = {each.name: number for number, planned in enumerate(gaps) for each in planned.members}

    def rank(found: tuple[int, Member]) -> tuple[bool, int, int, int, tuple[int, ...]]:
        value_stream, each = found
        together = each.sparse and each.weights.array.size < LARGE
        shape = each.weights.array.shape
        return (not together, gap_stream.get(each.name, len(gaps)), value_stream, len(shape), (*shape[1:], *shape[:1]))

    members = [(number, each) for number, planned in enumerate(values) for each in planned.members]
    known = {each.name for _, each in members}
    members += [(len(values), each) for planned in gaps for each in planned.members if each.name not in known]
    return {each.name: place for place, (_, each) in enumerate(sorted(members, key=rank))}


def in_order(planned: Planned, order: Mapping[str, int]) -> list[Member]:
    """The members of a stream as the group has them."""
    return sorted(planned.members, key=lambda each: order[each.name])


def _stream(
    planned: Planned, order: Mapping[str, int], encode: Callable[[Sequence[Member], Coder], Code]
) -> Stream[Code]:
    members = in_order(planned, order)
    return Stream(planned.coder, tuple(each.name for each in members), encode(members, planned.coder))


def planes(codes: Sequence[Each], of: Callable[[Each], tuple[int, int]]) -> list[list[Each]]:
    """Rice codes in the order and the parts in which their zeros and ones are joined; ``of`` gives k and their number.

    A one at place P ends at about element 2**k P. With k falling, no place is multiplied by more than what stands
    before it was made for.
    """
    planes: list[list[Each]] = []
    reach = 0
    for each in sorted(codes, key=lambda code: -of(code)[0]):
        k, size = of(each)
        if not planes or reach + (size << k) > MOST_IN_A_PLANE:
            planes.append([])
            reach = 0
        planes[-1].append(each)
        reach += size << k
    return planes


def joined(codebooks: Sequence[Floats]) -> npt.NDArray[np.float32] | npt.NDArray[np.float16]:
    """Codebooks one after the other, in float16 if that holds them all exactly."""
    whole = np.concatenate([np.zeros(0, np.float32), *codebooks])
    return whole.astype(np.float16) if Weights(whole).is_float16 else whole


def spanned(member: Member, coder: Coder) -> int:
    """The elements that a member takes in a stream of gaps: up to where the next one begins."""
    return member.reach if coder.kind == "wavelet" else member.weights.array.size


def joined_gaps(members: Sequence[Member], coder: Coder) -> npt.NDArray[np.int32]:
    """The gaps of a stream: the first of each member begins where the one before it ends."""
    gaps = np.concatenate([each.gaps for each in members])
    firsts = np.cumsum([0, *(each.count for each in members[:-1])])
    gaps[firsts[1:]] += np.array([spanned(each, coder) - each.reach for each in members[:-1]], np.int32)
    return gaps


def _gap_code(members: Sequence[Member], coder: Coder) -> GapCode:
    gaps = joined_gaps(members, coder)
    if coder.kind == "rice":
        return rice.encode(gaps, coder.bits)
    return escape.encode(gaps, coder.bits) if coder.kind == "escape" else wavelet.encode(gaps, coder.bits)


def _value_code(members: Sequence[Member], coder: Coder) -> ValueCode:
    if coder.kind in ("float16", "float32"):
        values = np.concatenate([each.patterns for each in members]).view(np.float32)
        return plain.encode(values, half=coder.kind == "float16")
    indices = np.concatenate([each.palette.indices for each in members if each.palette])
    return bits.pack(indices, coder.bits) if coder.kind == "packed" else wavelet.encode(indices, coder.bits)


def _gaps(code: GapCode) -> Integers:
    if isinstance(code, Rice):
        return rice.decode(code)
    return escape.decode(code) if isinstance(code, Escape) else wavelet.decode(code)


def _values(code: ValueCode) -> npt.NDArray[np.generic]:
    if isinstance(code, Plain):
        return plain.decode(code)
    return bits.unpack(code) if isinstance(code, PackedBits) else wavelet.decode(code)


def _pieces(
    group: Group, stream: Stream[Code], numbers: npt.NDArray[np.generic]
) -> list[tuple[str, npt.NDArray[np.generic]]]:
    """Each tensor of a stream with its part of the numbers."""
    ends = np.cumsum([group.parts[name].count for name in stream.names])
    return list(zip(stream.names, np.split(numbers, ends[:-1]), strict=True))
