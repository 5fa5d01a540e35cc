"""Operators that compute nothing: Reshape, Flatten, Squeeze, Unsqueeze, Transpose, Dropout, Identity, Cast.

They change the ONNX shape and the view, not the tensor. Only an operator that needs other axes moves anything.
"""

from math import prod

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.lowering import views
from edgecompress.formats.tflite.lowering.context import Lowering, Value, output_name, refused
from edgecompress.formats.tflite.lowering.views import Shape, View

_TYPES = {
    ir.DataType.BOOL: "bool",
    ir.DataType.FLOAT: "float32",
    ir.DataType.INT32: "int32",
    ir.DataType.INT64: "int64",
}


def flatten(node: ir.Node, lowering: Lowering) -> Value:
    """Flatten at any axis."""
    value = lowering.value(node, kinds=())
    rank, axis = len(value.shape), node.attributes.get_int("axis", 1)
    if not -rank <= axis <= rank:
        raise refused(node, f"its axis is {axis}, its input has {rank}")
    axis = axis + rank if axis < 0 else axis
    return reshaped(value, (prod(value.shape[:axis]), prod(value.shape[axis:])))


def reshape(node: ir.Node, lowering: Lowering) -> Value:
    """Reshape to a constant shape, with -1 and 0 as ONNX reads them."""
    value = lowering.value(node, kinds=())
    target = lowering.constant(node, 1) if len(node.inputs) > 1 else np.array(node.attributes.get_ints("shape", []))
    if target is None:
        raise refused(node, "it has no shape")
    shape = [int(size) for size in target.reshape(-1)]
    wanted = tuple(shape)
    if not node.attributes.get_int("allowzero", 0):
        shape = [
            value.shape[axis] if size == 0 and axis < len(value.shape) else size for axis, size in enumerate(shape)
        ]
    elements, known = prod(value.shape), prod(size for size in shape if size != -1)
    if shape.count(-1) == 1 and known > 0 and elements % known == 0:
        shape = [elements // known if size == -1 else size for size in shape]
    if min(shape, default=1) < 1 or prod(shape) != elements:
        raise refused(node, f"it reshapes {value.shape} to {wanted}, which has not as many elements")
    return reshaped(value, tuple(shape))


def squeeze(node: ir.Node, lowering: Lowering) -> Value:
    """Squeeze of axes of size 1, of all of them where none is named."""
    value = lowering.value(node, kinds=())
    shape = value.shape
    given = axes_of(node, lowering)
    axes = {axis for axis, size in enumerate(shape) if size == 1} if given is None else _within(node, given, len(shape))
    if any(shape[axis] != 1 for axis in axes):
        raise refused(node, f"it squeezes axes {sorted(axes)} of {shape}; only axes of size 1 can go")
    return reshaped(value, tuple(size for axis, size in enumerate(shape) if axis not in axes))


def unsqueeze(node: ir.Node, lowering: Lowering) -> Value:
    """Unsqueeze: new axes of size 1."""
    value = lowering.value(node, kinds=())
    given = axes_of(node, lowering) or []
    rank = len(value.shape) + len(given)
    axes = _within(node, given, rank)
    rest = iter(value.shape)
    return reshaped(value, tuple(1 if axis in axes else next(rest) for axis in range(rank)))


def transpose(node: ir.Node, lowering: Lowering) -> Value:
    """Transpose of any axes; two that undo each other cost nothing."""
    value = lowering.value(node, kinds=())
    rank = len(value.shape)
    order = tuple(node.attributes.get_ints("perm", list(reversed(range(rank)))))
    if sorted(order) != list(range(rank)):
        raise refused(node, f"its perm {order} does not fit an input of {rank} axes")
    return turned(value, order, lowering, output_name(node))


def dropout(node: ir.Node, lowering: Lowering) -> Value:
    """Dropout, which does nothing at inference."""
    training = lowering.constant(node, 2)
    if training is not None and bool(training.reshape(-1)[0]):
        raise refused(node, "it is in training mode; export the model in evaluation mode")
    return lowering.value(node)


def identity(node: ir.Node, lowering: Lowering) -> Value:
    """Identity."""
    return lowering.value(node, kinds=())


def cast(node: ir.Node, lowering: Lowering) -> Value:
    """Cast among float32, int32, int64 and bool."""
    value = lowering.value(node, kinds=())
    kind = ir.DataType(node.attributes.get_int("to", 0))
    return _cast(node, lowering, value, _TYPES.get(kind, str(kind)))


def cast_like(node: ir.Node, lowering: Lowering) -> Value:
    """CastLike among float32, int32, int64 and bool."""
    value, like = lowering.value(node, kinds=()), node.inputs[1]
    if like in lowering.values:
        return _cast(node, lowering, value, lowering.values[like].tensor.kind)
    array = lowering.constant(node, 1)
    return _cast(node, lowering, value, "nothing" if array is None else array.dtype.name)


def _cast(node: ir.Node, lowering: Lowering, value: Value, kind: str) -> Value:
    tensor = value.tensor
    if kind not in _TYPES.values():
        raise refused(node, f"it casts to {kind}; only float32, int32, int64 and bool are supported")
    if kind == tensor.kind:
        return value
    return Value(lowering.emit("CAST", [tensor], tensor.shape, output_name(node), kind=kind), value.shape, value.view)


def reshaped(value: Value, shape: Shape) -> Value:
    """``value`` in another ONNX shape of as many elements."""
    return Value(value.tensor, shape, value.view)


def turned(value: Value, order: tuple[int, ...], lowering: Lowering, name: str) -> Value:
    """``value`` with its axis ``order[i]`` as axis i."""
    if views.groups(value.view, value.shape) is None:
        value, _ = lowering.by_axes(value, f"{name}/input")
    found = views.groups(value.view, value.shape)
    assert found is not None, "by_axes made them"
    moved = [factor for axis in order for factor in found[axis]]
    view = View(
        tuple(value.view.factors[factor] for factor in moved), tuple(moved.index(factor) for factor in value.view.order)
    )
    return Value(value.tensor, tuple(value.shape[axis] for axis in order), view)


def axes_of(node: ir.Node, lowering: Lowering, index: int = 1) -> list[int] | None:
    """The axes of a node, an attribute before opset 13 or 18, an input since; None where it names none."""
    if "axes" in node.attributes:
        return list(node.attributes.get_ints("axes", []))
    given = lowering.constant(node, index)
    return None if given is None else [int(axis) for axis in given.reshape(-1)]


def _within(node: ir.Node, axes: list[int], rank: int) -> set[int]:
    found = {axis % rank for axis in axes if -rank <= axis < rank}
    if len(found) != len(axes):
        raise refused(node, f"its axes {axes} are not {len(axes)} of {rank}")
    return found
