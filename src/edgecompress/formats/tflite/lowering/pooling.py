"""MaxPool and AveragePool."""

from typing import Any

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import FloatArray, Tensor
from edgecompress.formats.tflite.lowering import padding
from edgecompress.formats.tflite.lowering.context import FUSED, NONE, RELU, RELU6, Lowering, Value, output_name, refused
from edgecompress.formats.tflite.lowering.padding import SAME, Axis


def max_pool(node: ir.Node, lowering: Lowering) -> Value:
    """MaxPool without dilation.

    TFLite's SAME leaves padding out; an explicit one is filled with -infinity, or with 0 after a Relu, where no value
    is smaller and the plain PAD is faster.
    """
    value = lowering.value(node)
    along = _window(node, value)
    fill = 0.0 if _never_negative(lowering, value.tensor) else float("-inf")
    source, remaining = padding.pad(lowering, node, value, along, fill=fill)
    return padding.windowed(value, along, _pool(lowering, "MAX_POOL_2D", source, along, remaining, output_name(node)))


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
        source = lowering.image(value, f"{name}/input")
        return padding.windowed(value, along, _pool(lowering, "AVERAGE_POOL_2D", source, along, remaining, name))
    source, remaining = padding.pad(lowering, node, value, along, same=False)
    high, wide = (axis.kernel / _counted(axis, include) for axis in along)
    factors: FloatArray = (high[:, np.newaxis] * wide).astype(np.float32)[np.newaxis, :, :, np.newaxis]
    if (factors == 1).all():
        return padding.windowed(value, along, _pool(lowering, "AVERAGE_POOL_2D", source, along, remaining, name))
    tensor = _pool(lowering, "AVERAGE_POOL_2D", source, along, remaining, f"{name}/undivided")
    parameter = lowering.parameter(f"{name}/divisor", "", factors)
    options: dict[str, Any] = {FUSED: NONE}
    made = lowering.emit("MUL", [tensor, parameter], tensor.shape, name, **options)
    return padding.windowed(value, along, made)


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
    options: dict[str, Any] = {
        "padding": remaining,
        "strideH": height.stride,
        "strideW": width.stride,
        "filterHeight": height.kernel,
        "filterWidth": width.kernel,
        FUSED: NONE,
    }
    return lowering.emit(code, [source], (source.shape[0], height.out, width.out, source.shape[3]), name, **options)


def _counted(axis: Axis, include: bool) -> FloatArray:
    """The number of places that each window counts along one axis: inside the input, or inside the padding too."""
    starts = np.arange(axis.out) * axis.stride - axis.before
    low, high = (-axis.before, axis.size + axis.after) if include else (0, axis.size)
    counts = np.minimum(starts + axis.kernel, high) - np.maximum(starts, low)
    return counts.astype(np.float32)


def _never_negative(lowering: Lowering, tensor: Tensor) -> bool:
    """Return whether ``tensor`` comes straight out of a Relu."""
    operator = next((o for o in reversed(lowering.graph.operators) if o.output is tensor), None)
    return operator is not None and (operator.code in ("RELU", "RELU6") or operator.options.get(FUSED) in (RELU, RELU6))
