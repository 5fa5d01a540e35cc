"""Add of two computed values, or of a computed value and a constant."""

import numpy as np
import onnx_ir as ir

from edgecompress.export.tflite.graph import FloatArray, Tensor
from edgecompress.export.tflite.lowering.context import (
    FUSED,
    NONE,
    Layout,
    Lowering,
    Value,
    input_name,
    output_name,
    refused,
    renamed,
)


def add(node: ir.Node, lowering: Lowering) -> Value:
    """Add with broadcasting between values of the same rank; a constant may have a lower one."""
    computed = [index for index, given in enumerate(node.inputs) if given in lowering.values]
    if len(computed) == 2:
        return _add_values(node, lowering)
    if len(computed) == 1:
        return _add_constant(node, lowering, computed[0])
    raise refused(node, "one of its inputs must be computed from the model's input")


def _add_values(node: ir.Node, lowering: Lowering) -> Value:
    name = output_name(node)
    left, right = lowering.value(node, 0), lowering.value(node, 1)
    if left.layout is not right.layout or left.tensor.shape != right.tensor.shape:
        if left.spatial != right.spatial:
            raise refused(node, f"it adds values of different rank, {left.onnx_shape} and {right.onnx_shape}")
        if not left.spatial:
            left, right = lowering.flat(left, f"{name}/left"), lowering.flat(right, f"{name}/right")
    if left.layout is not right.layout:
        raise refused(node, f"it adds values of different rank, {left.onnx_shape} and {right.onnx_shape}")
    try:
        shape = np.broadcast_shapes(left.tensor.shape, right.tensor.shape)
    except ValueError:
        raise refused(node, f"the shapes {left.onnx_shape} and {right.onnx_shape} do not fit each other") from None
    options = {FUSED: NONE}
    return renamed(left, lowering.emit("ADD", [left.tensor, right.tensor], shape, name, **options))


def _add_constant(node: ir.Node, lowering: Lowering, computed: int) -> Value:
    """Add of a constant; as bias where a fully connected operator computes the other side."""
    name = output_name(node)
    value, array = lowering.value(node, computed), lowering.weight(node, 1 - computed)
    if array is None:
        raise refused(node, "an input is absent")
    unrolled = value.layout is Layout.UNROLLED
    if unrolled:
        value = lowering.flat(value, f"{name}/input")
    placed = _channels_last(array, value)
    if placed is None:
        raise refused(node, f"its constant {array.shape} does not fit its input {value.onnx_shape}")

    constant = input_name(node, 1 - computed)
    operator = None if unrolled else lowering.fusable(node.inputs[computed])
    if operator is not None and operator.code == "FULLY_CONNECTED":
        bias = operator.inputs[2]
        assert bias.data is not None
        # A bias of zeros was only a place holder: the constant is the bias, and keeps its name.
        own = constant if not bias.data.any() else bias.name
        total = bias.data.astype(np.float64) + placed.reshape(-1)
        operator.inputs[2] = Tensor(own, bias.shape, total.astype(np.float32))
        operator.output.name = name
        return value
    parameter = lowering.parameter(constant, f"{value.layout}{placed.shape}", placed)
    options = {FUSED: NONE}
    return renamed(value, lowering.emit("ADD", [value.tensor, parameter], value.tensor.shape, name, **options))


def _channels_last(array: FloatArray, value: Value) -> FloatArray | None:
    """``array`` as it is added to the tensor of ``value``; None where it does not fit or would make it larger."""
    rank = len(value.onnx_shape)
    if array.ndim > rank:
        return None
    full = array.reshape((1,) * (rank - array.ndim) + array.shape)
    if any(size not in (1, whole) for size, whole in zip(full.shape, value.onnx_shape, strict=True)):
        return None
    if value.layout is Layout.SEQUENCE:
        full = full[:, :, np.newaxis, :]
    return np.ascontiguousarray(full.transpose(0, 2, 3, 1)) if value.spatial else full
