"""Operators that compute nothing at inference: Flatten, Reshape, Squeeze, Unsqueeze, Dropout, Identity."""

import onnx_ir as ir

from edgecompress.export.tflite.lowering.context import Layout, Lowering, Value, output_name, refused


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


def squeeze(node: ir.Node, lowering: Lowering) -> Value:
    """Squeeze of spatial axes of size 1, as exporters put around a pool that is one- and two-dimensional."""
    value = lowering.value(node)
    shape = value.onnx_shape
    axes = {axis % len(shape) for axis in _axes(node, lowering)}
    if not axes or min(axes) < 2 or any(shape[axis] != 1 for axis in axes):
        raise refused(node, f"it squeezes axes {sorted(axes)} of {shape}; only spatial axes of size 1 are supported")
    return _relaid(node, lowering, value, tuple(size for axis, size in enumerate(shape) if axis not in axes))


def unsqueeze(node: ir.Node, lowering: Lowering) -> Value:
    """Unsqueeze that adds spatial axes, or the one channel of a series (batch, length)."""
    value = lowering.value(node)
    shape = value.onnx_shape
    given = _axes(node, lowering)
    rank = len(shape) + len(given)
    axes = {axis % rank for axis in given}
    if rank > 4 or (min(axes, default=0) < 2 and (axes != {1} or value.spatial)):
        raise refused(node, f"it adds axes {sorted(axes)} to {shape}; only spatial axes up to rank 4 are supported")
    rest = iter(shape)
    return _relaid(node, lowering, value, tuple(1 if axis in axes else next(rest) for axis in range(rank)))


def _axes(node: ir.Node, lowering: Lowering) -> list[int]:
    """The axes of Squeeze or Unsqueeze: an attribute before opset 13, an input since."""
    given = lowering.constant(node, 1)
    return list(node.attributes.get_ints("axes", [])) if given is None else [int(axis) for axis in given.reshape(-1)]


def _relaid(node: ir.Node, lowering: Lowering, value: Value, shape: tuple[int, ...]) -> Value:
    """``value`` with the ONNX ``shape``, which has the same elements in the same channels-last order."""
    name = output_name(node)
    value = value if value.spatial else lowering.flat(value, f"{name}/input")
    channels, places = shape[1], shape[2:]
    if not places:
        return Value(lowering.reshape(value.tensor, (1, channels), name), Layout.FLAT)
    height, width = (1, *places)[-2:]
    layout = Layout.IMAGE if len(places) == 2 else Layout.SEQUENCE
    return Value(lowering.reshape(value.tensor, (1, height, width, channels), name), layout)


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
