"""MaxPool, AveragePool, GlobalAveragePool and ReduceMean."""

import numpy as np
import onnx_ir as ir

from edgecompress.export.tflite.graph import FloatArray, Tensor
from edgecompress.export.tflite.lowering import padding
from edgecompress.export.tflite.lowering.context import (
    FUSED,
    NONE,
    RELU,
    RELU6,
    Layout,
    Lowering,
    Value,
    output_name,
    refused,
    renamed,
)
from edgecompress.export.tflite.lowering.padding import SAME, Axis


def max_pool(node: ir.Node, lowering: Lowering) -> Value:
    """MaxPool without dilation.

    TFLite's SAME leaves padding out; an explicit one is filled with -infinity, or with 0 after a Relu, where no value
    is smaller and the plain PAD is faster.
    """
    value = lowering.value(node)
    along = _window(node, value)
    fill = 0.0 if _never_negative(lowering, value.tensor) else float("-inf")
    source, remaining = padding.pad(lowering, node, value, along, fill=fill)
    return renamed(value, _pool(lowering, "MAX_POOL_2D", source, along, remaining, output_name(node)))


def average_pool(node: ir.Node, lowering: Lowering) -> Value:
    """AveragePool without dilation.

    TFLite's SAME divides by the places inside the input (count_include_pad = 0); where the divisor is another one, a
    MUL with one factor for each place corrects it.
    """
    value = lowering.value(node)
    along = _window(node, value)
    include = node.attributes.get_int("count_include_pad", 0) == 1
    name = output_name(node)
    same = all(axis.is_same for axis in along)
    if all(axis.is_valid for axis in along) or (same and not include):
        remaining = padding.VALID if all(axis.is_valid for axis in along) else SAME
        return renamed(value, _pool(lowering, "AVERAGE_POOL_2D", value.tensor, along, remaining, name))
    source, remaining = padding.pad(lowering, node, value, along, same=False)
    high, wide = (axis.kernel / _counted(axis, include) for axis in along)
    factors: FloatArray = (high[:, np.newaxis] * wide).astype(np.float32)[np.newaxis, :, :, np.newaxis]
    if (factors == 1).all():
        return renamed(value, _pool(lowering, "AVERAGE_POOL_2D", source, along, remaining, name))
    tensor = _pool(lowering, "AVERAGE_POOL_2D", source, along, remaining, f"{name}/undivided")
    parameter = lowering.parameter(f"{name}/divisor", "", factors)
    options = {FUSED: NONE}
    return renamed(value, lowering.emit("MUL", [tensor, parameter], tensor.shape, name, **options))


def global_average_pool(node: ir.Node, lowering: Lowering) -> Value:
    """GlobalAveragePool: the mean over all places, which keeps its axes."""
    return _mean(node, lowering, list(range(2, len(lowering.value(node).onnx_shape))), keep=True)


def reduce_mean(node: ir.Node, lowering: Lowering) -> Value:
    """ReduceMean over spatial axes; over all of them where it does not keep the axes."""
    rank = len(lowering.value(node).onnx_shape)
    given = lowering.constant(node, 1)
    axes = list(node.attributes.get_ints("axes", [])) if given is None else [int(axis) for axis in given.reshape(-1)]
    axes = sorted({axis % rank for axis in axes if -rank <= axis < rank})
    return _mean(node, lowering, axes, keep=node.attributes.get_int("keepdims", 1) == 1)


def _mean(node: ir.Node, lowering: Lowering, axes: list[int], *, keep: bool) -> Value:
    """The mean over the ONNX ``axes`` of a spatial value."""
    value = lowering.value(node)
    places = list(range(2, len(value.onnx_shape)))
    if not value.spatial or not axes or not set(axes) <= set(places) or (not keep and axes != places):
        raise refused(
            node, f"it averages axes {axes} of {value.onnx_shape}; only spatial axes are supported, all or kept"
        )
    # A sequence's one row is an axis of its tensor too; the mean over both is the form that runtimes are fast at.
    own = [1, 2] if axes == places else [axis - 1 for axis in axes]
    name = output_name(node)
    reduced = lowering.parameter(f"{name}/axes", "", np.array(own, np.int32))
    kept = tuple(1 if axis in own else size for axis, size in enumerate(value.tensor.shape))
    shape = kept if keep else (1, kept[3])
    tensor = lowering.emit("MEAN", [value.tensor, reduced], shape, name, keepDims=keep)
    return renamed(value, tensor) if keep else Value(tensor, Layout.FLAT)


def _window(node: ir.Node, value: Value) -> tuple[Axis, Axis]:
    """The axes of a pool."""
    kernel = tuple(node.attributes.get_ints("kernel_shape", []))
    if len(kernel) not in (1, 2):
        raise refused(node, "only 1-D and 2-D windows are supported")
    along = padding.axes(node, value, kernel)
    if any(axis.dilation != 1 for axis in along):
        raise refused(node, "TFLite has no dilated pool")
    if any(max(axis.before, axis.after) >= axis.kernel for axis in along):
        raise refused(node, "its padding must be smaller than its window")
    return along


def _pool(lowering: Lowering, code: str, source: Tensor, along: tuple[Axis, Axis], remaining: int, name: str) -> Tensor:
    height, width = along
    options = {
        "padding": remaining,
        "strideH": height.stride,
        "strideW": width.stride,
        "filterHeight": height.kernel,
        "filterWidth": width.kernel,
        FUSED: NONE,
    }
    return lowering.emit(code, [source], (1, height.out, width.out, source.shape[3]), name, **options)


def _counted(axis: Axis, include: bool) -> FloatArray:
    """How many places each window counts along one axis: those inside the input, or inside the padding too."""
    starts = np.arange(axis.out) * axis.stride - axis.before
    low, high = (-axis.before, axis.size + axis.after) if include else (0, axis.size)
    counts = np.minimum(starts + axis.kernel, high) - np.maximum(starts, low)
    return counts.astype(np.float32)


def _never_negative(lowering: Lowering, tensor: Tensor) -> bool:
    """Whether ``tensor`` comes straight out of a Relu."""
    operator = next((o for o in reversed(lowering.graph.operators) if o.output is tensor), None)
    return operator is not None and (operator.code in ("RELU", "RELU6") or operator.options.get(FUSED) in (RELU, RELU6))
