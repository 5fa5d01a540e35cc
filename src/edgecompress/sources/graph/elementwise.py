"""Operators that compute each element by itself, with NumPy's broadcasting."""

from collections.abc import Callable
from functools import reduce

import torch
from torch.nn import functional

from edgecompress.sources.graph.node import Function, Node, Value

_TYPES = {
    1: torch.float32, 2: torch.uint8, 3: torch.int8, 5: torch.int16, 6: torch.int32, 7: torch.int64, 9: torch.bool,
    10: torch.float32, 11: torch.float32, 16: torch.float32,
}  # fmt: skip
"""By ONNX's number of a type. All floats are float32 here: a network in float16 is trained in float32."""


def unary(function: Callable[[torch.Tensor], torch.Tensor]) -> Function:
    """A function of one tensor."""
    return lambda _, x: function(x)


def binary(function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Function:
    """A function of two tensors."""
    return lambda _, a, b: function(a, b)


def variadic(function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Function:
    """A function of two tensors, for any number of them."""
    return lambda _, *each: reduce(function, each)


def mean(_: Node, *each: torch.Tensor) -> torch.Tensor:
    """Mean."""
    return reduce(torch.add, each) / len(each)


def div(_: Node, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Div: integers are divided as in C, towards zero."""
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def mod(node: Node, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Mod."""
    return torch.fmod(a, b) if node.get("fmod", 0) else torch.remainder(a, b)


def power(_: Node, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Pow: the result is of the first input's type."""
    return torch.pow(a, b).to(a.dtype)


def cast(node: Node, x: torch.Tensor) -> torch.Tensor:
    """Cast.

    Raises:
        ValueError: a type that PyTorch has no arithmetic for.
    """
    to = int(node.get("to"))
    if to not in _TYPES:
        raise ValueError(f"Cast to ONNX type {to}")
    return x.to(_TYPES[to])


def cast_like(_: Node, x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """CastLike."""
    return x.to(like.dtype)


def clip(node: Node, x: torch.Tensor, low: Value = None, high: Value = None) -> torch.Tensor:
    """Clip; before opset 11 the limits were attributes."""
    limits = [node.get("min") if low is None else low, node.get("max") if high is None else high]
    for limit, choose in zip(limits, (torch.maximum, torch.minimum), strict=True):
        if limit is not None:
            x = choose(x, torch.as_tensor(limit, dtype=x.dtype, device=x.device))
    return x


def gelu(node: Node, x: torch.Tensor) -> torch.Tensor:
    """Gelu."""
    return functional.gelu(x, approximate=node.get("approximate", "none"))


def hard_sigmoid(node: Node, x: torch.Tensor) -> torch.Tensor:
    """HardSigmoid."""
    return torch.clamp(node.get("alpha", 0.2) * x + node.get("beta", 0.5), 0, 1)


def prelu(_: Node, x: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """PRelu."""
    return torch.where(x < 0, slope * x, x)


def softmax(node: Node, x: torch.Tensor) -> torch.Tensor:
    """Softmax and LogSoftmax, of opset 13 and later: along one axis."""
    function = torch.softmax if node.op_type == "Softmax" else torch.log_softmax
    return function(x, node.get("axis", -1))


FUNCTIONS: dict[str, Function] = {
    **{
        name: unary(getattr(torch, name.lower()))
        for name in ("Abs", "Ceil", "Cos", "Erf", "Exp", "Floor", "Log", "Neg", "Reciprocal", "Round", "Sigmoid",
                     "Sign", "Sin", "Sqrt", "Tanh")
    },
    "Identity": unary(lambda x: x),
    "Not": unary(torch.logical_not),
    "Relu": unary(functional.relu),
    "Softplus": unary(functional.softplus),
    "Softsign": unary(functional.softsign),
    "Mish": unary(functional.mish),
    "HardSwish": unary(functional.hardswish),
    "Elu": lambda node, x: functional.elu(x, node.get("alpha", 1.0)),
    "LeakyRelu": lambda node, x: functional.leaky_relu(x, node.get("alpha", 0.01)),
    "Gelu": gelu,
    "HardSigmoid": hard_sigmoid,
    "PRelu": prelu,
    "Clip": clip,
    "Softmax": softmax,
    "LogSoftmax": softmax,
    "Add": binary(torch.add),
    "Sub": binary(torch.sub),
    "Mul": binary(torch.mul),
    "Div": div,
    "Mod": mod,
    "Pow": power,
    "And": binary(torch.logical_and),
    "Or": binary(torch.logical_or),
    "Xor": binary(torch.logical_xor),
    "Equal": binary(torch.eq),
    "Greater": binary(torch.gt),
    "GreaterOrEqual": binary(torch.ge),
    "Less": binary(torch.lt),
    "LessOrEqual": binary(torch.le),
    "Max": variadic(torch.maximum),
    "Min": variadic(torch.minimum),
    "Sum": variadic(torch.add),
    "Mean": mean,
    "Where": lambda _, condition, a, b: torch.where(condition, a, b),
    "Cast": cast,
    "CastLike": cast_like,
}  # fmt: skip
