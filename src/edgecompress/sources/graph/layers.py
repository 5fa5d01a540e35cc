"""Make nodes into layers of PyTorch, so that every stage of the compression finds their weights.

Case 1: Conv with a constant weight is ``nn.Conv1d``, ``2d`` or ``3d``. Case 2: Gemm, and MatMul, with a constant matrix
is ``nn.Linear``; a matrix stored as (inputs, outputs) is turned round for it, and back when it is written. Case 3:
BatchNormalization with constant statistics is PyTorch's, and learns them anew in training. An initialiser that several
layers read is one parameter of all of them. Where another node reads it in the other layout, Case 2 leaves it alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import onnx_ir as ir
import torch
from torch import nn

_CONV: dict[int, Callable[..., nn.Module]] = {3: nn.Conv1d, 4: nn.Conv2d, 5: nn.Conv3d}
_TRAINED = {
    "Conv": (1, 2), "ConvTranspose": (1, 2), "Gemm": (1, 2), "MatMul": (0, 1), "PRelu": (1,), "Gather": (0,),
    "InstanceNormalization": (1, 2), "LayerNormalization": (1, 2), "GroupNormalization": (1, 2),
    "RMSNormalization": (1,), "LSTM": (1, 2, 3, 7), "GRU": (1, 2, 3), "RNN": (1, 2, 3), "Add": (0, 1), "Mul": (0, 1),
}  # fmt: skip
"""Where an operator takes weights. Anything else that is constant stays as it is."""
_VECTORS = {"Add", "Mul"}
"""Operators whose constants are weights only where they are vectors: biases and scales."""


class AnyRankBatchNorm(nn.modules.batchnorm._BatchNorm):
    """BatchNorm of inputs of any rank, as ONNX's is."""

    def _check_input_dim(self, input: torch.Tensor) -> None:
        pass


@dataclass(frozen=True)
class LayerInitializer:
    """The initialiser that a layer's tensor comes from.

    Attributes:
        initializer: its name in the file.
        turned: whether the layer has it transposed.
    """

    initializer: str
    turned: bool = False


@dataclass(frozen=True)
class LayerNode:
    """A node as a layer.

    Attributes:
        module: without its tensors, which its owner sets.
        tensors: the layer's own names of them, and where they are from.
        padded: whether its input is padded before, by more on one side than on the other.
    """

    module: nn.Module
    tensors: dict[str, LayerInitializer]
    padded: bool = False


def layers(graph: ir.Graph, *, norms: bool = True) -> dict[ir.Node, LayerNode]:
    """The nodes of ``graph`` that are layers; without ``norms``, Case 3 is left out."""
    found = {
        node: layer
        for node in graph
        if (norms or node.op_type != "BatchNormalization") and (layer := _layer(node)) is not None
    }
    readings: dict[str, set[bool]] = {}
    for name, value in graph.initializers.items():
        for use in value.uses():
            turned = (
                {source.turned for source in found[use.node].tensors.values() if source.initializer == name}
                if (use.node in found)
                else {False}
            )
            readings.setdefault(name, set()).update(turned)
    return {
        node: layer
        for node, layer in found.items()
        if not any(source.turned and len(readings[source.initializer]) > 1 for source in layer.tensors.values())
    }


def trained(value: ir.Value) -> bool:
    """Return whether an initialiser that is no layer's is a weight: floats, where an operator takes weights."""
    tensor = value.const_value
    if tensor is None or not tensor.dtype.is_floating_point() or tensor.size < 2:
        return False
    vector = len([size for size in tensor.shape.numpy() if size > 1]) == 1
    return all(
        use.idx in _TRAINED.get(use.node.op_type, ()) and (vector or use.node.op_type not in _VECTORS)
        for use in value.uses()
    ) and bool(value.uses())


def _layer(node: ir.Node) -> LayerNode | None:
    if node.domain not in ("", "ai.onnx"):
        return None
    make = {"Conv": _conv, "Gemm": _gemm, "MatMul": _matmul, "BatchNormalization": _batchnorm}.get(node.op_type)
    return None if make is None else make(node)


def _floats(node: ir.Node, index: int) -> ir.Value | None:
    """A constant input of floats."""
    value = node.inputs[index] if index < len(node.inputs) else None
    if value is None or not value.is_initializer() or value.const_value is None:
        return None
    return value if value.const_value.dtype.is_floating_point() else None


def _shape(value: ir.Value) -> tuple[int, ...]:
    assert value.const_value is not None
    return tuple(int(size) for size in value.const_value.shape.numpy())


def _with_bias(node: ir.Node, weight: LayerInitializer, outputs: int) -> dict[str, LayerInitializer] | None:
    """Weight and bias; None where the bias is not one constant an output."""
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return {"weight": weight}
    bias = _floats(node, 2)
    if bias is None or _shape(bias) != (outputs,):
        return None
    return {"weight": weight, "bias": LayerInitializer(str(bias.name))}


def _conv(node: ir.Node) -> LayerNode | None:
    """Case 1."""
    weight = _floats(node, 1)
    if weight is None or len(_shape(weight)) not in _CONV:
        return None
    shape, count = _shape(weight), len(_shape(weight)) - 2
    tensors = _with_bias(node, LayerInitializer(str(weight.name)), shape[0])
    if tensors is None:
        return None
    pads = _sizes(node, "pads", (0,) * 2 * count)
    mode = node.attributes.get_string("auto_pad", "NOTSET")
    same = mode == "VALID" or (mode == "NOTSET" and pads[:count] == pads[count:])
    groups = node.attributes.get_int("group", 1)
    module = _CONV[len(shape)](
        shape[1] * groups,
        shape[0],
        shape[2:],
        stride=_sizes(node, "strides", (1,) * count),
        padding=pads[:count] if same and mode == "NOTSET" else 0,
        dilation=_sizes(node, "dilations", (1,) * count),
        groups=groups,
        bias="bias" in tensors,
        device="meta",
    )
    return LayerNode(module, tensors, padded=not same)


def _sizes(node: ir.Node, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """An attribute of one number an axis."""
    found = node.attributes.get(name)
    return default if found is None else tuple(int(each) for each in found.as_ints())


def _gemm(node: ir.Node) -> LayerNode | None:
    """Case 2."""
    weight = _floats(node, 1)
    plain = node.attributes.get_float("alpha", 1.0) == node.attributes.get_float("beta", 1.0) == 1
    if weight is None or not plain or node.attributes.get_int("transA", 0) == 1:
        return None
    turned = node.attributes.get_int("transB", 0) == 0
    return _linear(node, weight, turned)


def _matmul(node: ir.Node) -> LayerNode | None:
    """Case 2."""
    weight = _floats(node, 1)
    if weight is not None and len(_shape(weight)) == 2:
        return _linear(node, weight, turned=True)
    producer = node.inputs[1].producer() if node.inputs[1] is not None else None
    if producer is None or producer.op_type != "Transpose":
        return None
    weight = _floats(producer, 0)
    return None if weight is None or len(_shape(weight)) != 2 else _linear(node, weight, turned=False)


def _linear(node: ir.Node, weight: ir.Value, turned: bool) -> LayerNode | None:
    inputs, outputs = _shape(weight) if turned else _shape(weight)[::-1]
    tensors = _with_bias(node, LayerInitializer(str(weight.name), turned), outputs)
    if tensors is None:
        return None
    return LayerNode(nn.Linear(inputs, outputs, bias="bias" in tensors, device="meta"), tensors)


def _batchnorm(node: ir.Node) -> LayerNode | None:
    """Case 3."""
    values = [_floats(node, index) for index in range(1, 5)]
    if node.attributes.get_int("training_mode", 0) == 1 or any(value is None for value in values):
        return None
    names = ("weight", "bias", "running_mean", "running_var")
    tensors = {
        name: LayerInitializer(str(value.name)) for name, value in zip(names, values, strict=True) if value is not None
    }
    features = _shape(values[0])[0] if values[0] is not None else 0
    module = AnyRankBatchNorm(
        features,
        eps=node.attributes.get_float("epsilon", 1e-5),
        momentum=round(1 - node.attributes.get_float("momentum", 0.9), 6),
        device="meta",
    )
    return LayerNode(module, tensors)


def attributes_of(node: ir.Node) -> dict[str, Any]:
    """A node's attributes as numbers, strings, tuples and arrays."""
    found: dict[str, Any] = {}
    for name, attribute in node.attributes.items():
        if attribute.type == ir.AttributeType.TENSOR:
            found[name] = attribute.as_tensor().numpy()
        elif attribute.type in (ir.AttributeType.STRINGS, ir.AttributeType.INTS, ir.AttributeType.FLOATS):
            found[name] = tuple(attribute.value)
        else:
            found[name] = attribute.value
    return found
