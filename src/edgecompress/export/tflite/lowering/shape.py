"""Operators that compute nothing at inference: Flatten, Reshape to two dimensions, Dropout, Identity."""

import onnx_ir as ir

from edgecompress.export.tflite.lowering.context import Layout, Lowering, Value, refused


def flatten(node: ir.Node, lowering: Lowering) -> Value:
    """Flatten of all but the batch. Nothing is moved here: what reads the value knows that it is channels last."""
    value = lowering.value(node)
    axis = node.attributes.get_int("axis", 1)
    if axis not in (1, 1 - len(value.onnx_shape)):
        raise refused(node, f"its axis is {axis}; only axis 1 is supported, which keeps the batch")
    return _unrolled(value)


def reshape(node: ir.Node, lowering: Lowering) -> Value:
    """Reshape to (batch, features), with constants or -1 and 0 as ONNX reads them."""
    value = lowering.value(node)
    target = lowering.constant(node, 1)
    if target is None:
        raise refused(node, "it has no shape")
    shape = tuple(int(size) for size in target.reshape(-1))
    features = value.onnx_shape[1]
    for size in value.onnx_shape[2:]:
        features *= size
    batches = {-1, 1, lowering.batch} | (set() if node.attributes.get_int("allowzero", 0) else {0})
    if len(shape) != 2 or shape[0] not in batches or shape[1] not in (-1, features) or shape == (-1, -1):
        raise refused(node, f"it reshapes {value.onnx_shape} to {shape}; only (batch, {features}) is supported")
    return _unrolled(value)


def dropout(node: ir.Node, lowering: Lowering) -> Value:
    """Dropout, which does nothing at inference."""
    training = lowering.constant(node, 2)
    if training is not None and bool(training.reshape(-1)[0]):
        raise refused(node, "it is in training mode; export the model in evaluation mode")
    return lowering.value(node)


def identity(node: ir.Node, lowering: Lowering) -> Value:
    """Identity."""
    return lowering.value(node)


def _unrolled(value: Value) -> Value:
    return Value(value.tensor, Layout.UNROLLED) if value.spatial else value
