"""Comparisons, And, Or, Not and Where: what is true of elements, and a choice by it."""

from functools import partial

import onnx_ir as ir

from edgecompress.formats.tflite.lowering.broadcasting import ConstantOperand, Operand, side_by_side
from edgecompress.formats.tflite.lowering.context import Lowering, Value, input_name, output_name, refused, renamed

_NUMBERS = ("float32", "int32", "int64")


def _compare(code: str, node: ir.Node, lowering: Lowering) -> Value:
    """Of two values of one type, float32, int32 or int64, with broadcasting."""
    return _both(code, _NUMBERS, node, lowering)


equal, greater, less = (partial(_compare, code) for code in ("EQUAL", "GREATER", "LESS"))
greater_or_equal, less_or_equal = (partial(_compare, code) for code in ("GREATER_EQUAL", "LESS_EQUAL"))


def _combine(code: str, node: ir.Node, lowering: Lowering) -> Value:
    """Of two bools, with broadcasting."""
    return _both(code, ("bool",), node, lowering)


and_, or_ = partial(_combine, "LOGICAL_AND"), partial(_combine, "LOGICAL_OR")


def not_(node: ir.Node, lowering: Lowering) -> Value:
    """Not."""
    value = lowering.value(node, kinds=("bool",))
    return renamed(value, lowering.emit("LOGICAL_NOT", [value.tensor], value.tensor.shape, output_name(node)))


def where(node: ir.Node, lowering: Lowering) -> Value:
    """The lowering of Where, with broadcasting: SELECT_V2."""
    name = output_name(node)
    chosen = [_operand(node, lowering, 0, ("bool",)), *(_operand(node, lowering, index, _NUMBERS) for index in (1, 2))]
    tensors, shape, view = side_by_side(node, lowering, chosen, name)
    return Value(lowering.emit("SELECT_V2", tensors, view.shape, name, kind=_kind(chosen[1])), shape, view)


def _both(code: str, kinds: tuple[str, ...], node: ir.Node, lowering: Lowering) -> Value:
    name, given = output_name(node), [_operand(node, lowering, index, kinds) for index in range(2)]
    tensors, shape, view = side_by_side(node, lowering, given, name)
    return Value(lowering.emit(code, tensors, view.shape, name, kind="bool"), shape, view)


def _operand(node: ir.Node, lowering: Lowering, index: int, kinds: tuple[str, ...]) -> Operand:
    """An input of one of these types, computed or constant."""
    if node.inputs[index] in lowering.values:
        return lowering.value(node, index, kinds)
    array = lowering.constant(node, index)
    if array is None or array.dtype.name not in kinds:
        raise refused(node, f"its constant '{input_name(node, index)}' is not {' or '.join(kinds)}")
    return ConstantOperand(input_name(node, index), array)


def _kind(operand: Operand) -> str:
    return operand.tensor.kind if isinstance(operand, Value) else operand.array.dtype.name
