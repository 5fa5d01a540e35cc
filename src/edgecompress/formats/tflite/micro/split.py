"""Layers of an int8 file cut by their outputs, so that the weights of a part take little RAM when they are decoded."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.schema import schema

LAYERS = ("CONV_2D", "FULLY_CONNECTED")
"""Operators whose weights have the outputs as their first dimension."""
PART = "/part"
"""What stands between the name of cut weights and the number of a part, from 1 on."""
_CONVOLUTION = 4  # dimensions of its weights
_MOST = 10  # inputs of a CONCATENATION in TensorFlow Lite Micro
_CONCATENATION_INT8 = 2  # the operator's first version with int8


def split_layers(model: Any, graph: Any, largest: int) -> None:
    """Cut layers of a subgraph whose weights have more than ``largest`` bytes, in place; their outputs stay the same.

    A CONCATENATION joins the parts' outputs. Layers that would become more than ten parts stay whole.

    Args:
        model: a ``ModelT``.
        graph: one of its ``SubGraphT``.
        largest: bytes of a part's weights.
    """
    made: list[Any] = []
    for operator in graph.operators:
        parts = list(_parts(model, graph, operator, largest))
        made += parts or [operator]
        if parts:
            made.append(_joined(model, graph, operator, parts))
    graph.operators = made


def _parts(model: Any, graph: Any, operator: Any, largest: int) -> Iterator[Any]:
    """The operators that compute a layer's outputs in parts; none for one that stays whole."""
    if model_file.operator_name(model, operator) not in LAYERS:
        return
    weight = graph.tensors[operator.inputs[1]]
    bias = graph.tensors[operator.inputs[2]] if len(operator.inputs) > 2 and operator.inputs[2] >= 0 else None
    output = graph.tensors[operator.outputs[0]]
    count = int(weight.shape[0])
    size = int(np.prod(weight.shape))
    if weight.type != schema().TensorType.INT8 or size <= largest or not _is_constant(model, weight):
        return
    if bias is not None and not _is_constant(model, bias):
        return
    given = graph.tensors[operator.inputs[0]]
    is_grouped = len(weight.shape) == _CONVOLUTION and weight.shape[-1] != given.shape[-1]
    if is_grouped or int(output.shape[-1]) != count:
        return  # outputs of a group read their own inputs alone
    each = largest // (size // count)
    if not each or -(-count // each) > _MOST:
        return
    each = -(-count // -(-count // each))  # as even as can be
    for number, first in enumerate(range(0, count, each), start=1):
        rows = slice(first, min(first + each, count))
        inputs = [int(operator.inputs[0]), _cut(model, graph, weight, rows, number)]
        if bias is not None:
            inputs.append(_cut(model, graph, bias, rows, number))
        part = copy.copy(output)
        part.shape = [*output.shape[:-1], rows.stop - rows.start]
        part.name, part.shapeSignature = _named(output.name, number), None
        graph.tensors.append(part)
        yield schema().OperatorT(
            opcodeIndex=operator.opcodeIndex,
            inputs=inputs,
            outputs=[len(graph.tensors) - 1],
            builtinOptionsType=operator.builtinOptionsType,
            builtinOptions=operator.builtinOptions,
        )


def _cut(model: Any, graph: Any, tensor: Any, rows: slice, number: int) -> int:
    """Add the rows of a constant as a constant of their own; its place."""
    s: Any = schema()
    data = np.asarray(model.buffers[tensor.buffer].data, np.uint8)
    width = len(data) // int(tensor.shape[0])
    model.buffers.append(s.BufferT(data=data[rows.start * width : rows.stop * width]))
    part = copy.copy(tensor)
    part.shape = [rows.stop - rows.start, *tensor.shape[1:]]
    part.buffer, part.name = len(model.buffers) - 1, _named(tensor.name, number)
    quantization = tensor.quantization
    if quantization is not None and quantization.scale is not None and len(quantization.scale) > 1:
        part.quantization = copy.copy(quantization)
        part.quantization.scale = np.asarray(quantization.scale)[rows]
        part.quantization.zeroPoint = np.asarray(quantization.zeroPoint)[rows]
    graph.tensors.append(part)
    return len(graph.tensors) - 1


def _joined(model: Any, graph: Any, operator: Any, parts: list[Any]) -> Any:
    """The operator that makes the layer's output of its parts'."""
    s: Any = schema()
    code = s.BuiltinOperator.CONCATENATION
    known = [place for place, each in enumerate(model.operatorCodes) if each.builtinCode == code]
    if not known:
        version = _CONCATENATION_INT8
        model.operatorCodes.append(s.OperatorCodeT(deprecatedBuiltinCode=code, builtinCode=code, version=version))
        known = [len(model.operatorCodes) - 1]
    axis = len(graph.tensors[operator.outputs[0]].shape) - 1
    return s.OperatorT(
        opcodeIndex=known[0],
        inputs=[int(part.outputs[0]) for part in parts],
        outputs=operator.outputs,
        builtinOptionsType=s.BuiltinOptions.ConcatenationOptions,
        builtinOptions=s.ConcatenationOptionsT(axis=axis),
    )


def _is_constant(model: Any, tensor: Any) -> bool:
    data = model.buffers[tensor.buffer].data
    return data is not None and len(data) > 0


def _named(name: bytes | None, number: int) -> bytes:
    return (name or b"") + f"{PART}{number}".encode()
