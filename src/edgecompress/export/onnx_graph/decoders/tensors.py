"""From decoded ends and values to the tensors of a group, each under its name."""

import math
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress.encode.bits import Packed
from edgecompress.encode.coders.plain import Plain
from edgecompress.encode.coders.wavelet import Wavelet
from edgecompress.encode.group import Code, Group, Part, Stream
from edgecompress.encode.single import Single
from edgecompress.export.onnx_graph.builder import Builder
from edgecompress.export.onnx_graph.decoders import wavelet
from edgecompress.export.onnx_graph.decoders.ends import ends
from edgecompress.export.onnx_graph.decoders.numbers import numbers

_LARGE = 2**19
"""Elements from which a second pass over a tensor takes time that is worth the bytes of the nodes that avoid it."""


def group(build: Builder, encoded: Group) -> dict[str, ir.Value]:
    """The tensors of a group, float32, by name."""
    placed = _pieces(build, encoded, encoded.gaps, ends)
    values = _pieces(build, encoded, encoded.values, _values)
    codebooks = _codebooks(build, encoded)
    tensors = {}
    for name, part in encoded.parts.items():
        value = values[name]
        elements = build.op("GatherElements", codebooks[name], value) if name in codebooks else value
        tensors[name] = (
            _scattered(build, part, placed[name], elements) if name in placed else _shaped(build, part, elements)
        )
    return tensors


def _codebooks(build: Builder, encoded: Group) -> dict[str, ir.Value]:
    """The codebook of each tensor that has one."""
    sizes = {name: len(part.codebook) for name, part in encoded.parts.items() if part.codebook is not None}
    if not sizes:
        return {}
    return dict(zip(sizes, build.split(_floats(build, encoded.codebooks), list(sizes.values())), strict=True))


def _floats(build: Builder, array: npt.NDArray[np.generic]) -> ir.Value:
    """A stored array of float16 or float32 as float32."""
    stored = build.stored(array)
    return build.cast(stored, ir.DataType.FLOAT) if array.dtype == np.float16 else stored


def _pieces(
    build: Builder, encoded: Group, streams: Iterable[Stream[Code]], decode: Callable[[Builder, Code], ir.Value]
) -> dict[str, ir.Value]:
    """Each tensor's part of what its stream decodes to."""
    found: dict[str, ir.Value] = {}
    for stream in streams:
        counts = [encoded.parts[name].count for name in stream.names]
        found |= zip(stream.names, build.split(decode(build, stream.code), counts), strict=True)
    return found


def single(build: Builder, encoded: Single) -> ir.Value:
    """A tensor that is stored alone, float32."""
    if encoded.kind == "constant":
        value = ir.Tensor(encoded.values.reshape(1))
        return build.op("ConstantOfShape", build.integers(*encoded.shape), value=value)
    return _floats(build, encoded.values)


def _values(build: Builder, values: Packed | Wavelet | Plain) -> ir.Value:
    if isinstance(values, Packed):
        return numbers(build, values)
    if isinstance(values, Wavelet):
        return wavelet.numbers(build, values)
    return _floats(build, values.values)


def _shaped(build: Builder, part: Part, elements: ir.Value) -> ir.Value:
    return elements if len(part.shape) == 1 else build.op("Reshape", elements, build.integers(*part.shape))


def _scattered(build: Builder, part: Part, end: ir.Value, elements: ir.Value) -> ir.Value:
    """The elements over zeros, with MaxUnpool: the one operator that makes the zeros and fills them in one pass.

    Its first two dimensions must be those of its input. For the kernels of a convolution the elements are given such a
    shape, filled up by repeating the last. What has no kernels, is small, or would have to be filled up with many, is
    unpooled flat and reshaped, which is a second pass.
    """
    places = build.op("Sub", end, build.constant(np.array(part.offset + 1, np.int32)))
    size, kernels = math.prod(part.shape), math.prod(part.shape[:2])
    rows = -(-part.count // kernels)
    if len(part.shape) > 2 and size >= _LARGE and 4 * kernels * rows <= size and rows <= part.shape[2]:
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
