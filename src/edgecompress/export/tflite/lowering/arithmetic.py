"""Add, Sub, Mul, Div, Pow, Max, Min, Sum, Mean: two values side by side, one of which may be a constant."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import onnx_ir as ir

from edgecompress.export.tflite.graph import FloatArray, Operator, Tensor
from edgecompress.export.tflite.lowering import views
from edgecompress.export.tflite.lowering.context import (
    FUSED,
    NONE,
    Lowering,
    Value,
    input_name,
    output_name,
    refused,
    renamed,
)
from edgecompress.export.tflite.lowering.views import Shape, View

_FUSING = {"ADD", "SUB", "MUL", "DIV"}
# Operators with a bias, and the input that it is.
_BIAS = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2}
# Products are exact where POW is a general one.
_MOST_PRODUCTS = 3


@dataclass(frozen=True)
class Constant:
    """A constant operand, in its ONNX shape."""

    name: str
    array: FloatArray

    @property
    def shape(self) -> Shape:
        """Its ONNX shape."""
        return self.array.shape


Operand = Value | Constant


def add(node: ir.Node, lowering: Lowering) -> Value:
    """Add with broadcasting; a constant after a convolution or a matrix becomes its bias."""
    left, right = operands(node, lowering)
    for value, added, index in ((left, right, 0), (right, left, 1)):
        if isinstance(value, Value) and isinstance(added, Constant):
            operator = lowering.fusable(node.inputs[index])
            if operator is not None and operator.code in _BIAS and per_output(value, added) is not None:
                _add_bias(operator, added, output_name(node))
                return value
    return combined(node, lowering, "ADD", left, right, output_name(node))


def _binary(code: str, node: ir.Node, lowering: Lowering) -> Value:
    """One operator on two values, with broadcasting."""
    left, right = operands(node, lowering)
    return combined(node, lowering, code, left, right, output_name(node))


sub, mul, div = (partial(_binary, code) for code in ("SUB", "MUL", "DIV"))


def power(node: ir.Node, lowering: Lowering) -> Value:
    """Pow; by a constant 1, 2 or 3 as products."""
    base, exponent = operands(node, lowering)
    name = output_name(node)
    if isinstance(exponent, Constant) and exponent.array.size == 1 and isinstance(base, Value):
        times = float(exponent.array.reshape(-1)[0])
        if times in range(1, _MOST_PRODUCTS + 1) and len(exponent.shape) <= len(base.shape):
            result = base
            for count in range(1, int(times)):
                step = name if count + 1 == times else f"{name}/square"
                result = combined(node, lowering, "MUL", result, base, step)
            return result
    return combined(node, lowering, "POW", base, exponent, name)


def _chain(code: str, node: ir.Node, lowering: Lowering) -> Value:
    """One operator on any number of values, two at a time, with broadcasting."""
    result, *others = operands(node, lowering)
    for number, other in enumerate(others, 1):
        name = output_name(node) if number == len(others) else f"{output_name(node)}/{number}"
        result = combined(node, lowering, code, result, other, name)
    assert isinstance(result, Value), "what is constant alone is not lowered"
    return result


maximum, minimum, total = (partial(_chain, code) for code in ("MAXIMUM", "MINIMUM", "ADD"))


def mean(node: ir.Node, lowering: Lowering) -> Value:
    """Mean of any number of values, with broadcasting."""
    share = Constant(f"{output_name(node)}/share", np.array(1 / len(node.inputs), np.float32))
    return combined(node, lowering, "MUL", total(node, lowering), share, output_name(node))


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
        found.append(Constant(input_name(node, index), array))
    return found


def combined(node: ir.Node, lowering: Lowering, code: str, left: Operand, right: Operand, name: str) -> Value:
    """``code`` of both, one computed at least, with broadcasting; nothing is moved if both lie alike.

    Raises:
        InputError: the shapes do not fit each other.
    """
    try:
        shape = np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        raise refused(node, f"the shapes {left.shape} and {right.shape} do not fit each other") from None
    padded = [(1,) * (len(shape) - len(each.shape)) + each.shape for each in (left, right)]
    computed = [
        Value(each.tensor, full, each.view)
        for each, full in zip((left, right), padded, strict=True)
        if isinstance(each, Value)
    ]
    whole = [value for value in computed if value.shape == shape]
    if whole:
        # What is not in ONNX's order would have to be moved if the other led.
        lead = next((value for value in whole if value.view.order != tuple(sorted(value.view.order))), whole[0])
        if views.groups(lead.view, shape) is None:
            lead, _ = lowering.by_axes(lead, f"{name}/input")
        view, targets = lead.view, [views.broadcast(lead.view, full, shape) for full in padded]
    else:
        order = views.natural(computed[0].view, computed[0].shape).order
        view, targets = View(shape, order), [View(full, order) for full in padded]
    tensors = [
        _placed(lowering, each, target, f"{name}/{side}")
        for each, target, side in zip((left, right), targets, ("left", "right"), strict=True)
        if target is not None
    ]
    options = {FUSED: NONE} if code in _FUSING else {}
    return Value(lowering.emit(code, tensors, view.shape, name, kind="float32", **options), shape, view)


def _placed(lowering: Lowering, operand: Operand, view: View, name: str) -> Tensor:
    """``operand`` as ``view`` says."""
    if isinstance(operand, Value):
        return lowering.arranged(operand, view, name)
    array = np.ascontiguousarray(operand.array.reshape(view.factors).transpose(view.order))
    return lowering.parameter(operand.name, f"{view.factors}{view.order}", array)


def per_output(value: Value, added: Constant) -> FloatArray | None:
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


def _add_bias(operator: Operator, added: Constant, name: str) -> None:
    bias = operator.inputs[_BIAS[operator.code]]
    assert bias.data is not None
    # A bias of zeros was only a place holder: the constant is the bias, and keeps its name.
    own = added.name if not bias.data.any() else bias.name
    summed = bias.data.astype(np.float64) + added.array.reshape(-1)
    operator.inputs[_BIAS[operator.code]] = Tensor(own, bias.shape, summed.astype(np.float32))
    operator.output.name = name


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
