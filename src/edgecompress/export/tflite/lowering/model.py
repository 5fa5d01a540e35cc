"""A whole ONNX model as a TFLite graph: inputs, each node by the table, outputs."""

import onnx_ir as ir

from edgecompress.errors import InputError
from edgecompress.export.tflite.graph import Graph, Tensor
from edgecompress.export.tflite.lowering.constants import constant_nodes
from edgecompress.export.tflite.lowering.context import Layout, Lowering, Value, refused, renamed
from edgecompress.export.tflite.lowering.operators import OPERATORS


def lower(model: ir.Model) -> Graph:
    """The TFLite graph of a float32 model; the model is not changed.

    Inputs (N, C, H, W), (N, C, L) and (N, K) become (1, H, W, C), (1, L, C) and (1, K), and so do outputs, under their
    ONNX names. Constants keep the names of their initialisers.

    Raises:
        InputError: an operator, an option, a type or a shape that has no TFLite form here; the line names it.
        CheckError: a BatchNormalization cannot be folded without a change of its weight's zeros.
    """
    known = constant_nodes(model.graph)
    _refuse_unknown(model.graph, known)
    opset = model.opset_imports.get("", 1)
    lowering = Lowering(opset=opset, batch=_batch(model.graph), constant_nodes=known)
    for given in model.graph.inputs:
        if not given.is_initializer():
            lowering.values[given] = _input(lowering, given)
    for node in model.graph:
        if node in known:
            lowering.evaluate(node)
            continue
        for extra in node.outputs[1:]:
            if extra.uses() or extra.is_graph_output():
                raise refused(node, f"its output '{extra.name}' is used; only the first one is supported")
        lowering.values[node.outputs[0]] = OPERATORS[node.op_type](node, lowering)
    for result in model.graph.outputs:
        _output(lowering, result)
    lowering.graph.make_names_unique()
    return lowering.graph


def _refuse_unknown(graph: ir.Graph, known: frozenset[ir.Node]) -> None:
    unknown = sorted(
        {
            node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}::{node.op_type}"
            for node in graph
            if node not in known and (node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS)
        }
    )
    if unknown:
        raise InputError(
            f"cannot write {', '.join(unknown)} to TFLite; supported operators: {', '.join(sorted(OPERATORS))}. "
            "Use format onnx, or convert the model to TFLite with another tool and compress that file"
        )


def _batch(graph: ir.Graph) -> int:
    """The batch size that the model declares; 1 where it is free."""
    first = graph.inputs[0].shape[0] if graph.inputs and graph.inputs[0].shape else 1
    return first if isinstance(first, int) else 1


def _input(lowering: Lowering, given: ir.Value) -> Value:
    """The tensor of an input, and its value in the layout that operators work in."""
    name = given.name or "input"
    sizes = list(given.shape) if given.shape is not None else []
    if len(sizes) not in (2, 3, 4) or not all(isinstance(size, int) and size > 0 for size in sizes[1:]):
        raise InputError(
            f"the model's input '{name}' has the shape {sizes}; TFLite needs (batch, channels, height, width), "
            "(batch, channels, length) or (batch, features), fixed but for the batch"
        )
    if given.dtype is not ir.DataType.FLOAT:
        raise InputError(f"the model's input '{name}' is {given.dtype}; only float32 is supported")
    rest = [size for size in sizes[1:] if isinstance(size, int)]
    tensor = Tensor(name, (1, *rest[1:], rest[0]))
    lowering.graph.inputs.append(tensor)
    if len(rest) == 2:
        tensor = lowering.reshape(tensor, (1, 1, rest[1], rest[0]), f"{name}/row")
    return Value(tensor, {1: Layout.FLAT, 2: Layout.SEQUENCE, 3: Layout.IMAGE}[len(rest)])


def _output(lowering: Lowering, result: ir.Value) -> None:
    """Make what holds ``result`` an output, in the layout that users see and under its own name."""
    name = result.name or "output"
    if result not in lowering.values:
        raise InputError(f"the model's output '{name}' is not computed from its input; remove it")
    value = lowering.values[result]
    if not value.spatial:
        value = lowering.flat(value, name)
    elif value.layout is Layout.SEQUENCE:
        _, _, length, channels = value.tensor.shape
        value = renamed(value, lowering.reshape(value.tensor, (1, length, channels), f"{name}/rows"))
    tensor = value.tensor
    graph = lowering.graph
    if any(tensor is other for other in (*graph.inputs, *graph.outputs)):
        # One tensor cannot be two ends of a graph: the runtime gets a copy.
        tensor = lowering.copy(tensor, tensor.shape, name)
    tensor.name = name
    graph.outputs.append(tensor)
