"""Activations: functions of each element. Relu and Clip become part of the operator before them where they can."""

from functools import partial

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import Array
from edgecompress.formats.tflite.lowering.broadcasting import (
    ConstantOperand,
    combined,
    operands,
    per_output,
    scaled,
    shifted,
)
from edgecompress.formats.tflite.lowering.context import (
    FUSED,
    RELU,
    RELU6,
    RELU_N1_TO_1,
    Lowering,
    Value,
    output_name,
    refused,
    renamed,
)

_INFINITE = float(np.finfo(np.float32).max)
_CLIPS = {(0.0, 6.0): ("RELU6", RELU6), (-1.0, 1.0): ("RELU_N1_TO_1", RELU_N1_TO_1)}


def relu(node: ir.Node, lowering: Lowering) -> Value:
    """Relu."""
    return _rectify(node, lowering, "RELU", RELU)


def clip(node: ir.Node, lowering: Lowering) -> Value:
    """Clip to constant bounds: RELU6, RELU, RELU_N1_TO_1, or MAXIMUM and MINIMUM."""
    low, high = (_bound(node, lowering, index, name) for index, name in ((1, "min"), (2, "max")))
    low = None if low is not None and low <= -_INFINITE else low
    high = None if high is not None and high >= _INFINITE else high
    if low == 0 and high is None:
        return _rectify(node, lowering, "RELU", RELU)
    if low is not None and high is not None and (low, high) in _CLIPS:
        return _rectify(node, lowering, *_CLIPS[low, high])
    value, name = lowering.value(node), output_name(node)
    for code, bound in (("MAXIMUM", low), ("MINIMUM", high)):
        if bound is not None:
            own = f"{name}/{code.lower()}"
            limit = ConstantOperand(f"{own}/bound", np.array(bound, np.float32))
            value = combined(node, lowering, code, value, limit, own)
    return value


def _unary(code: str, node: ir.Node, lowering: Lowering) -> Value:
    """One operator that computes each element from one element."""
    value = lowering.value(node)
    return renamed(value, lowering.emit(code, [value.tensor], value.tensor.shape, output_name(node)))


absolute, ceil, cos, exp, floor = (partial(_unary, code) for code in ("ABS", "CEIL", "COS", "EXP", "FLOOR"))
hard_swish, log, negative = (partial(_unary, code) for code in ("HARD_SWISH", "LOG", "NEG"))
round_, sigmoid, sin, sqrt, tanh = (partial(_unary, code) for code in ("ROUND", "LOGISTIC", "SIN", "SQRT", "TANH"))


def hard_sigmoid(node: ir.Node, lowering: Lowering) -> Value:
    """HardSigmoid, max(0, min(1, alpha x + beta)), as relu6(6 alpha x + 6 beta) / 6."""
    value, name = lowering.value(node), output_name(node)
    slope = 6 * np.float32(node.attributes.get_float("alpha", 0.2))
    offset = 6 * np.float32(node.attributes.get_float("beta", 0.5))
    if not np.isclose(slope, 1, rtol=1e-6):
        value = scaled(lowering, value, float(slope), f"{name}/scaled")
    value = shifted(lowering, value, float(offset), f"{name}/clipped", **{FUSED: RELU6})
    return scaled(lowering, value, 1 / 6, name)


def gelu(node: ir.Node, lowering: Lowering) -> Value:
    """Gelu, exact or approximated by tanh."""
    value = lowering.value(node)
    approximate = node.attributes.get_string("approximate", "none") == "tanh"
    return renamed(
        value, lowering.emit("GELU", [value.tensor], value.tensor.shape, output_name(node), approximate=approximate)
    )


def elu(node: ir.Node, lowering: Lowering) -> Value:
    """Elu; where alpha is not 1, which is TFLite's, as relu(x) + alpha (elu(x) - relu(x))."""
    alpha = node.attributes.get_float("alpha", 1.0)
    if alpha == 1:
        return _unary("ELU", node, lowering)
    value, name = lowering.value(node), output_name(node)
    shape = value.tensor.shape
    bent, rising = (
        renamed(value, lowering.emit(code, [value.tensor], shape, f"{name}/{code.lower()}")) for code in ("ELU", "RELU")
    )
    below = scaled(lowering, combined(node, lowering, "SUB", bent, rising, f"{name}/below"), alpha, f"{name}/scaled")
    return combined(node, lowering, "ADD", rising, below, name)


def leaky_relu(node: ir.Node, lowering: Lowering) -> Value:
    """LeakyRelu."""
    value = lowering.value(node)
    alpha = node.attributes.get_float("alpha", 0.01)
    return renamed(
        value, lowering.emit("LEAKY_RELU", [value.tensor], value.tensor.shape, output_name(node), alpha=alpha)
    )


def p_relu(node: ir.Node, lowering: Lowering) -> Value:
    """PRelu with any slope that ONNX broadcasts: PRELU for constants a channel, else relu(x) - slope relu(-x)."""
    value, slope = operands(node, lowering)
    if not isinstance(value, Value):
        raise refused(node, "its input is a constant")
    name = output_name(node)
    shape = value.tensor.shape
    alpha = per_output(value, slope) if isinstance(slope, ConstantOperand) and shape else None
    if isinstance(slope, ConstantOperand) and alpha is not None:
        slopes = np.ascontiguousarray(np.broadcast_to(alpha, shape[-1:])).reshape(*(1,) * (len(shape) - 2), -1)
        parameter = lowering.parameter(slope.name, f"slopes{slopes.shape}", slopes, compressible=True)
        return renamed(value, lowering.emit("PRELU", [value.tensor, parameter], shape, name))
    rising = renamed(value, lowering.emit("RELU", [value.tensor], shape, f"{name}/rising"))
    below = lowering.emit("NEG", [value.tensor], shape, f"{name}/negative")
    falling = renamed(value, lowering.emit("RELU", [below], shape, f"{name}/falling"))
    product = combined(node, lowering, "MUL", falling, slope, f"{name}/sloped")
    return combined(node, lowering, "SUB", rising, product, name)


def reciprocal(node: ir.Node, lowering: Lowering) -> Value:
    """Reciprocal: 1 / x."""
    one = ConstantOperand(f"{output_name(node)}/one", np.array(1, np.float32))
    return combined(node, lowering, "DIV", one, lowering.value(node), output_name(node))


def softplus(node: ir.Node, lowering: Lowering) -> Value:
    """Softplus, log(1 + exp(x)), as relu(x) + log(1 + exp(-|x|)), which does not overflow."""
    return _softplus(node, lowering, output_name(node))


def mish(node: ir.Node, lowering: Lowering) -> Value:
    """Mish: x tanh(softplus(x))."""
    name, value = output_name(node), lowering.value(node)
    soft = _softplus(node, lowering, f"{name}/softplus")
    bent = renamed(soft, lowering.emit("TANH", [soft.tensor], soft.tensor.shape, f"{name}/tanh"))
    return combined(node, lowering, "MUL", value, bent, name)


def softsign(node: ir.Node, lowering: Lowering) -> Value:
    """Softsign: x / (1 + |x|)."""
    name, value = output_name(node), lowering.value(node)
    size = renamed(value, lowering.emit("ABS", [value.tensor], value.tensor.shape, f"{name}/size"))
    return combined(node, lowering, "DIV", value, shifted(lowering, size, 1, f"{name}/divisor"), name)


def _softplus(node: ir.Node, lowering: Lowering, name: str) -> Value:
    value = lowering.value(node)
    tensor, shape = value.tensor, value.tensor.shape
    decay = tensor
    for code in ("ABS", "NEG", "EXP"):
        decay = lowering.emit(code, [decay], shape, f"{name}/{code.lower()}")
    grown = shifted(lowering, renamed(value, decay), 1, f"{name}/one")
    curved = renamed(value, lowering.emit("LOG", [grown.tensor], shape, f"{name}/log"))
    rising = renamed(value, lowering.emit("RELU", [tensor], shape, f"{name}/rising"))
    return combined(node, lowering, "ADD", rising, curved, name)


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
    array: Array | None = lowering.constant(node, index)
    return None if array is None else float(array.reshape(-1)[0])
