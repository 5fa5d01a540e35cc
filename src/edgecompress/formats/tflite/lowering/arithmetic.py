"""Add, Sub, Mul, Div, Pow, Max, Min, Sum, Mean: two values side by side, one of which may be a constant."""

from functools import partial

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import Tensor, TfliteOperator
from edgecompress.formats.tflite.lowering.broadcasting import ConstantOperand, Operand, combined, operands, per_output
from edgecompress.formats.tflite.lowering.context import Lowering, Value, input_name, output_name, refused

# Operators with a bias, and the input that it is.
_BIAS = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2}
# Products are exact where POW is a general one.
_MOST_PRODUCTS = 3


def add(node: ir.Node, lowering: Lowering) -> Value:
    """Add with broadcasting; a constant after a convolution or a matrix becomes its bias."""
    left, right = operands(node, lowering)
    for value, added, index in ((left, right, 0), (right, left, 1)):
        if isinstance(value, Value) and isinstance(added, ConstantOperand):
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
    """Pow; by a constant 1, 2 or 3 as products. A constant exponent may be of integers."""
    base: Operand
    if node.inputs[1] in lowering.values:
        base, exponent = operands(node, lowering)
    else:
        base, array = lowering.value(node), lowering.constant(node, 1)
        if array is None or array.dtype.kind not in "fiu":
            raise refused(node, "its exponent is no number")
        exponent = ConstantOperand(input_name(node, 1), array.astype(np.float32))
    name = output_name(node)
    if isinstance(exponent, ConstantOperand) and exponent.array.size == 1 and isinstance(base, Value):
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
    share = ConstantOperand(f"{output_name(node)}/share", np.array(1 / len(node.inputs), np.float32))
    return combined(node, lowering, "MUL", total(node, lowering), share, output_name(node))


def _add_bias(operator: TfliteOperator, added: ConstantOperand, name: str) -> None:
    bias = operator.inputs[_BIAS[operator.code]]
    assert bias.data is not None
    # A bias of zeros was only a place holder: the constant is the bias, and keeps its name.
    own = added.name if not bias.data.any() else bias.name
    summed = bias.data.astype(np.float64) + added.array.reshape(-1)
    operator.inputs[_BIAS[operator.code]] = Tensor(own, bias.shape, summed.astype(np.float32))
    operator.output.name = name
