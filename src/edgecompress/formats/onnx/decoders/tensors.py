"""From decoded ends and values to the tensors of a group, each under its name.

What tensors have in common is done once for all of them: values are looked up in one array of all codebooks, and the
sparse tensors below ``LARGE`` are put among their zeros as one array, which is then cut.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress.encode import group as groups
from edgecompress.encode.bits import PackedBits
from edgecompress.encode.coders.plain import Plain
from edgecompress.encode.coders.rice import Rice
from edgecompress.encode.coders.wavelet import Wavelet
from edgecompress.encode.group import Group, Part
from edgecompress.encode.member import SPLIT
from edgecompress.encode.single import Single
from edgecompress.formats.onnx.builder import Builder
from edgecompress.formats.onnx.decoders import wavelet
from edgecompress.formats.onnx.decoders.ends import ends, rice_ends
from edgecompress.formats.onnx.decoders.numbers import numbers, padded_numbers

Pieces = dict[tuple[str, ...], ir.Value]
"""Numbers of one tensor, or of several that stay together, by their names."""


def group(build: Builder, encoded: Group) -> dict[str, ir.Value]:
    """The tensors of a group, float32, by name."""
    sparse = {name for stream in encoded.gaps for name in stream.names}
    together = [name for name, part in encoded.parts.items() if name in sparse and math.prod(part.shape) < groups.LARGE]
    placed, excess = _ends(build, encoded, together)
    elements = _elements(build, encoded, together)
    tensors = _together(build, encoded, together, (placed, elements), excess) if together else {}
    for name, part in encoded.parts.items():
        if name == SPLIT:
            tensors |= _split(build, encoded, elements[name,])
        elif name not in sparse:
            tensors[name] = _shaped(build, part.shape, elements[name,])
        elif name not in tensors:
            tensors[name] = _scattered(build, part, placed[name,], elements[name,], excess[name])
    return {name: tensors[name] for name in encoded.labels()}


def single(build: Builder, encoded: Single) -> ir.Value:
    """A tensor that is stored alone, float32."""
    if encoded.kind == "constant":
        value = ir.Tensor(encoded.values.reshape(1))
        return build.op("ConstantOfShape", build.integers(*encoded.shape), value=value)
    return _floats(build, encoded.values)


def _floats(build: Builder, array: npt.NDArray[np.generic]) -> ir.Value:
    """A stored array of float16 or float32 as float32."""
    stored = build.stored(array)
    return build.cast(stored, ir.DataType.FLOAT) if array.dtype == np.float16 else stored


def _ends(build: Builder, encoded: Group, together: Sequence[str]) -> tuple[Pieces, dict[str, int]]:
    """The ends of stored elements, and for each tensor by how much these exceed their places in it."""
    pieces: Pieces = {}
    excess: dict[str, int] = {}
    found = [each for plane in encoded.planes for each in zip(plane.streams, rice_ends(build, plane), strict=True)]
    others = [(stream, stream.code) for stream in encoded.gaps if not isinstance(stream.code, Rice)]
    decoded = [(stream.names, value, before) for stream, (value, before) in found]
    decoded += [(stream.names, ends(build, code), 0) for stream, code in others if not isinstance(code, Rice)]
    for names, value, before in decoded:
        pieces |= _cut(build, encoded, names, value, together)
        excess |= {name: before + encoded.parts[name].offset + 1 for name in names}
    return pieces, excess


def _elements(build: Builder, encoded: Group, together: Sequence[str]) -> Pieces:
    """The stored elements, float32."""
    tables = _tables(build, encoded)
    pieces: Pieces = {}
    for stream in encoded.values:
        if isinstance(stream.code, Plain):
            value = _floats(build, stream.code.values)
            pieces |= _cut(build, encoded, stream.names, value, together)
            continue
        for names, indices in _lots(build, encoded, stream.names, stream.code):
            table, starts = tables[names[0]] if len(names) == 1 else tables[""]
            counts = [encoded.parts[name].count for name in names]
            shifted = _shifted(build, "Add", indices, counts, [starts[name] for name in names])
            value = build.op("GatherElements", table, shifted)
            pieces |= _cut(build, encoded, names, value, together)
    return pieces


def _large(encoded: Group, name: str) -> bool:
    """Return whether a tensor is looked up by itself, in its own codebook: to move indices would take memory."""
    return math.prod(encoded.parts[name].shape) >= groups.LARGE


def _tables(build: Builder, encoded: Group) -> dict[str, tuple[ir.Value, dict[str, int]]]:
    """Codebooks, and where those in them begin: all of them as "", and each of a large tensor by its name."""
    codebooks = {name: part.codebook for name, part in encoded.parts.items() if part.codebook is not None}
    if not codebooks:
        return {}
    whole = _floats(build, encoded.codebooks)
    starts = dict(zip(codebooks, np.cumsum([0, *map(len, codebooks.values())]).tolist(), strict=False))
    found = dict.fromkeys(("", *codebooks), (whole, starts))
    lots = [list(lot) for _, lot in groupby(codebooks, lambda name: name if _large(encoded, name) else "")]
    cut = build.split(whole, [sum(len(codebooks[name]) for name in lot) for lot in lots])
    return found | {
        lot[0]: (table, {lot[0]: 0}) for lot, table in zip(lots, cut, strict=True) if _large(encoded, lot[0])
    }


def _lots(
    build: Builder, encoded: Group, names: Sequence[str], code: PackedBits | Wavelet
) -> Iterator[tuple[list[str], ir.Value]]:
    """The indices of a stream: those of each large tensor, and of all others that follow one another."""
    lots = [list(lot) for _, lot in groupby(names, lambda name: name if _large(encoded, name) else "")]
    if len(lots) == 1 or isinstance(code, Wavelet):
        found, spare = _indices(build, code), 0
    else:  # what fills the last bytes is cut off with them
        found, spare = padded_numbers(build, code), code.padded - code.count
    sizes = [sum(encoded.parts[name].count for name in lot) for lot in lots]
    yield from zip(lots, build.split(found, [*sizes, spare]), strict=False)


def _split(build: Builder, encoded: Group, scales: ir.Value) -> dict[str, ir.Value]:
    """The tensors whose values are split: what ``encode.coders.split.join`` computes, and cut."""
    fractions = encoded.fractions
    middle, low = (
        build.op("Mul", build.cast(build.stored(each), ir.DataType.FLOAT), build.constant(np.array(unit, np.float32)))
        for each, unit in ((fractions.middle, 2**-7), (fractions.low, 2**-23))
    )
    number = build.op("Add", middle, low)
    one = build.op("Add", number, build.constant(np.array(1, np.float32)))
    values = build.op("Mul", build.op("Max", one, build.op("Add", number, number)), scales)
    cut = build.split(values, [math.prod(shape) for shape in encoded.split.values()])
    return {name: _shaped(build, shape, each) for (name, shape), each in zip(encoded.split.items(), cut, strict=True)}


def _indices(build: Builder, code: PackedBits | Wavelet) -> ir.Value:
    return numbers(build, code) if isinstance(code, PackedBits) else wavelet.numbers(build, code)


def _shifted(build: Builder, op: str, value: ir.Value, counts: Sequence[int], by: Sequence[int]) -> ir.Value:
    """A vector of as many numbers of each of several tensors as ``counts`` say, moved by a number a tensor."""
    if len(set(by)) > 1:
        starts = np.cumsum([0, *counts[:-1]])
        return build.op(op, value, build.runs(sum(counts), starts, np.diff(by, prepend=0)))
    return build.op(op, value, build.constant(np.array(by[0], np.int32))) if by[0] else value


def _cut(build: Builder, encoded: Group, names: Sequence[str], value: ir.Value, together: Sequence[str]) -> Pieces:
    """The pieces of a decoded stream: a tensor each, or as many as follow one another in ``together`` too."""
    place = {name: number for number, name in enumerate(together)}
    cut: list[tuple[str, ...]] = []
    for name in names:
        if cut and name in place and place.get(cut[-1][-1], -2) == place[name] - 1:
            cut[-1] += (name,)
        else:
            cut.append((name,))
    sizes = [sum(encoded.parts[name].count for name in some) for some in cut]
    return dict(zip(cut, build.split(value, sizes), strict=True))


def _together(
    build: Builder, encoded: Group, names: Sequence[str], pieces: tuple[Pieces, Pieces], excess: Mapping[str, int]
) -> dict[str, ir.Value]:
    """The tensors ``names``: ends and elements, in any pieces, to one array over zeros, which is cut."""
    parts = [encoded.parts[name] for name in names]
    sizes = [math.prod(part.shape) for part in parts]
    place = {name: number for number, name in enumerate(names)}

    def joined(some: Pieces) -> ir.Value:
        wanted = [each for each in some if each[0] in place]
        return build.concat([some[each] for each in sorted(wanted, key=lambda each: place[each[0]])])

    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    by = [excess[name] - start for name, start in zip(names, starts, strict=True)]
    placed, elements = map(joined, pieces)
    places = _shifted(build, "Sub", placed, [part.count for part in parts], by)
    count, size = sum(part.count for part in parts), sum(sizes)
    whole = _unpooled(build, places, elements, (1, 1, count), (1, 1, size))
    runs = _alike(encoded, names)
    cut = build.split(whole, [sum(sizes[place[name]] for name in run) for run in runs], axis=2)
    return {
        name: each for run, piece in zip(runs, cut, strict=True) for name, each in _rows(build, encoded, run, piece)
    }


def _alike(encoded: Group, names: Sequence[str]) -> list[list[str]]:
    """Runs of tensors that differ in their first dimension alone, and have the same label."""
    labels = encoded.labels()

    def kind(name: str) -> tuple[object, ...]:
        shape = encoded.parts[name].shape
        return (shape[1:], labels[name]) if shape else (name,)

    return [list(run) for _, run in groupby(names, kind)]


def _rows(build: Builder, encoded: Group, names: Sequence[str], value: ir.Value) -> Iterator[tuple[str, ir.Value]]:
    """Tensors that differ in their first dimension alone, from all their elements: given one shape, then cut."""
    shapes = [encoded.parts[name].shape for name in names]
    if len(names) == 1:
        yield names[0], build.op("Reshape", value, build.integers(*shapes[0]))
        return
    firsts = [shape[0] for shape in shapes]
    whole = build.op("Reshape", value, build.integers(sum(firsts), *shapes[0][1:]))
    yield from zip(names, build.split(whole, firsts), strict=True)


def _shaped(build: Builder, shape: Sequence[int], elements: ir.Value) -> ir.Value:
    return elements if len(shape) == 1 else build.op("Reshape", elements, build.integers(*shape))


def _scattered(build: Builder, part: Part, end: ir.Value, elements: ir.Value, excess: int) -> ir.Value:
    """The elements of one tensor over zeros, with MaxUnpool: it makes the zeros and fills them in one pass.

    Its first two dimensions must be those of its input. For the kernels of a convolution the elements are given such a
    shape, filled up by repeating the last. What has no kernels, or would have to be filled up with many, is unpooled
    flat and reshaped, which is a second pass.
    """
    places = build.op("Sub", end, build.constant(np.array(excess, np.int32)))
    size, kernels = math.prod(part.shape), math.prod(part.shape[:2])
    rows = -(-part.count // kernels)
    if len(part.shape) > 2 and 4 * kernels * rows <= size and rows <= part.shape[2]:
        if missing := kernels * rows - part.count:
            places, elements = (build.repeat_last(each, missing) for each in (places, elements))
        ones = [1] * (len(part.shape) - 3)
        return _unpooled(build, places, elements, (*part.shape[:2], rows, *ones), part.shape)
    flat = _unpooled(build, places, elements, (1, 1, part.count), (1, 1, size))
    return build.op("Reshape", flat, build.integers(*part.shape))


def _unpooled(
    build: Builder, places: ir.Value, elements: ir.Value, shape: tuple[int, ...], output: tuple[int, ...]
) -> ir.Value:
    """``elements`` at the flat ``places`` of zeros of shape ``output``, both given to the operator as ``shape``.

    The operator makes an output as much larger than its input as its kernel is larger than 1.
    """
    indices = build.cast(build.op("Reshape", places, build.integers(*shape)), ir.DataType.INT64)
    values = build.op("Reshape", elements, build.integers(*shape))
    kernel = [after - before + 1 for before, after in zip(shape[2:], output[2:], strict=True)]
    return build.op("MaxUnpool", values, indices, kernel_shape=kernel)
