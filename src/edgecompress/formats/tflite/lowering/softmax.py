"""Softmax and LogSoftmax."""

from functools import partial
from math import prod
from typing import Any

import onnx_ir as ir

from edgecompress.formats.tflite.lowering.context import Lowering, Value, output_name, refused, renamed


def _softmax(code: str, node: ir.Node, lowering: Lowering) -> Value:
    """Over any axis; TFLite's is over the last one of the tensor, so another one is moved there."""
    value, name = lowering.value(node), output_name(node)
    rank = len(value.shape)
    axis = node.attributes.get_int("axis", 1 if lowering.opset < 13 else -1)
    if not -rank <= axis < max(rank, 1) or not rank:
        raise refused(node, f"its axis is {axis}, its input has {rank}")
    axis %= rank
    shape = value.shape
    if lowering.opset < 13:
        # Before opset 13 what follows the axis was flattened.
        value = Value(value.tensor, (prod(shape[:axis]), prod(shape[axis:])), value.view)
        axis = 1
    value, places = lowering.by_axes(value, f"{name}/input")
    if places[axis] != len(value.tensor.shape) - 1:
        value = lowering.ordered(value, f"{name}/input", axis)
    options: dict[str, Any] = {"beta": 1.0} if code == "SOFTMAX" else {}
    result = renamed(value, lowering.emit(code, [value.tensor], value.tensor.shape, name, **options))
    return Value(result.tensor, shape, result.view)


softmax, log_softmax = partial(_softmax, "SOFTMAX"), partial(_softmax, "LOG_SOFTMAX")
