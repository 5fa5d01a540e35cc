"""Two or more operands side by side: ONNX's broadcasting, with nothing moved where both lie alike."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import Array, FloatArray, Tensor
from edgecompress.formats.tflite.lowering import views
from edgecompress.formats.tflite.lowering.context import FUSED, NONE, Lowering, Value, input_name, refused, renamed
from edgecompress.formats.tflite.lowering.views import Shape, View

_FUSING = {"ADD", "SUB", "MUL", "DIV"}


@dataclass(frozen=True)
class ConstantOperand:
    """A constant operand, in its ONNX shape."""

    name: str
    array: Array

    @property
    def shape(self) -> Shape:
        """Its ONNX shape."""
        return self.array.shape


Operand = Value | ConstantOperand


def operands(node: ir.Node, lowering: Lowering) -> list[Operand]:
    """All inputs of ``node``, computed or constant.

    Raises:
        InputError: one is absent, or not float32.
    """
    found: list[Operand] = []
    for index, given in enumerate(node.inputs):
        if given in lowering.values:
            found.append(lowering.value(node, index))
            continue
        array = lowering.weight(node, index)
        if array is None:
            raise refused(node, "an input is absent")
        found.append(ConstantOperand(input_name(node, index), array))
    return found


def combined(node: ir.Node, lowering: Lowering, code: str, left: Operand, right: Operand, name: str) -> Value:
    """``code`` of two float32 operands, one computed at least, with broadcasting.

    Raises:
        InputError: the shapes do not fit each other.
    """
    tensors, shape, view = side_by_side(node, lowering, [left, right], name)
    options: dict[str, Any] = {FUSED: NONE} if code in _FUSING else {}
    return Value(lowering.emit(code, tensors, view.shape, name, kind="float32", **options), shape, view)


def side_by_side(
    node: ir.Node, lowering: Lowering, given: list[Operand], name: str
) -> tuple[list[Tensor], Shape, View]:
    """Tensors of ``given`` that TFLite broadcasts as ONNX does, and the shape and view of what comes of them.

    Nothing is moved if all lie alike.

    Raises:
        InputError: the shapes do not fit each other.
    """
    try:
        shape = np.broadcast_shapes(*(each.shape for each in given))
    except ValueError:
        shapes = " and ".join(str(each.shape) for each in given)
        raise refused(node, f"the shapes {shapes} do not fit each other") from None
    padded = [(1,) * (len(shape) - len(each.shape)) + each.shape for each in given]
    computed = [
        Value(each.tensor, full, each.view) for each, full in zip(given, padded, strict=True) if isinstance(each, Value)
    ]
    whole = [value for value in computed if value.shape == shape]
    if whole:
        # What is not in ONNX's order would have to be moved if another led.
        lead = next((value for value in whole if value.view.order != tuple(sorted(value.view.order))), whole[0])
        if views.groups(lead.view, shape) is None:
            lead, _ = lowering.by_axes(lead, f"{name}/input")
        view, targets = lead.view, [views.broadcast(lead.view, full, shape) for full in padded]
    else:
        order = views.natural(computed[0].view, computed[0].shape).order
        view, targets = View(shape, order), [View(full, order) for full in padded]
    tensors = [
        _placed(lowering, each, target, f"{name}/{number}")
        for number, (each, target) in enumerate(zip(given, targets, strict=True))
        if target is not None
    ]
    return tensors, shape, view


def _placed(lowering: Lowering, operand: Operand, view: View, name: str) -> Tensor:
    """``operand`` as ``view`` says."""
    if isinstance(operand, Value):
        return lowering.arranged(operand, view, name)
    array = np.ascontiguousarray(operand.array.reshape(view.factors).transpose(view.order))
    return lowering.parameter(operand.name, f"{view.factors}{view.order}", array)


def per_output(value: Value, added: ConstantOperand) -> FloatArray | None:
    """``added`` as (C,) or (1,), where it has a number for each place of the last axis of the tensor, or one number."""
    if len(added.shape) > len(value.shape):
        return None
    if added.array.size == 1:
        return added.array.reshape(-1)
    full = (1,) * (len(value.shape) - len(added.shape)) + added.shape
    view = views.broadcast(value.view, full, value.shape)
    if view is None or any(size not in (1, whole) for size, whole in zip(full, value.shape, strict=True)):
        return None
    is_last = view.shape[:-1] == (1,) * (len(view.shape) - 1) and view.shape[-1] == value.tensor.shape[-1]
    return added.array.reshape(-1) if is_last else None


def scaled(lowering: Lowering, value: Value, factor: float, name: str, **options: Any) -> Value:
    """``value`` times a number."""
    return _with_number(lowering, "MUL", value, factor, name, **options)


def shifted(lowering: Lowering, value: Value, offset: float, name: str, **options: Any) -> Value:
    """``value`` plus a number."""
    return _with_number(lowering, "ADD", value, offset, name, **options)


def _with_number(lowering: Lowering, code: str, value: Value, number: float, name: str, **options: Any) -> Value:
    parameter = lowering.parameter(f"{name}/number", str(number), np.full((1,), number, np.float32))
    tensors = [value.tensor, parameter]
    return renamed(value, lowering.emit(code, tensors, value.tensor.shape, name, **{FUSED: NONE, **options}))
