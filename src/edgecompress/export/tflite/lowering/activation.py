"""Relu, Clip between 0 and 6, and Softmax. Relu and Clip become part of the operator before them where they can."""

import numpy as np
import onnx_ir as ir

from edgecompress.export.tflite.lowering.context import (
    FUSED,
    RELU,
    RELU6,
    Lowering,
    Value,
    output_name,
    refused,
    renamed,
)


def relu(node: ir.Node, lowering: Lowering) -> Value:
    """Relu."""
    return _rectify(node, lowering, "RELU", RELU)


def clip(node: ir.Node, lowering: Lowering) -> Value:
    """Clip from 0 to 6 (RELU6) or from 0 up (RELU)."""
    low, high = (_bound(node, lowering, index, name) for index, name in ((1, "min"), (2, "max")))
    if low == 0 and high == 6:
        return _rectify(node, lowering, "RELU6", RELU6)
    if low == 0 and (high is None or high >= np.finfo(np.float32).max):
        return _rectify(node, lowering, "RELU", RELU)
    raise refused(node, f"it clips to [{low}, {high}]; only [0, 6] and [0, infinity] have a TFLite operator")


def softmax(node: ir.Node, lowering: Lowering) -> Value:
    """Softmax over the features of a flat value or the channels of a spatial one: TFLite's works on the last axis."""
    value = lowering.value(node)
    rank = len(value.onnx_shape)
    axis = node.attributes.get_int("axis", 1 if lowering.opset < 13 else -1)
    # Before opset 13 Softmax flattened what follows the axis, so a spatial value means something else there.
    if axis not in (1, 1 - rank) or (value.spatial and lowering.opset < 13):
        raise refused(node, f"its axis is {axis}; only axis 1 is supported (opset 13 or later for feature maps)")
    name = output_name(node)
    if not value.spatial:
        value = lowering.flat(value, f"{name}/input")
    return renamed(value, lowering.emit("SOFTMAX", [value.tensor], value.tensor.shape, name, beta=1.0))


def _rectify(node: ir.Node, lowering: Lowering, code: str, activation: int) -> Value:
    """The activation as part of the operator that computes its input, or as an operator of its own."""
    value = lowering.value(node)
    operator = lowering.fusable(node.inputs[0])
    if operator is not None:
        operator.options[FUSED] = activation
        operator.output.name = output_name(node)
        return value
    return renamed(value, lowering.emit(code, [value.tensor], value.tensor.shape, output_name(node)))


def _bound(node: ir.Node, lowering: Lowering, index: int, name: str) -> float | None:
    """A bound of Clip: an attribute before opset 11, an input since; None where it is absent."""
    if name in node.attributes:
        return node.attributes.get_float(name)
    array = lowering.constant(node, index)
    return None if array is None else float(array.reshape(-1)[0])
