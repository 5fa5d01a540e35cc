"""A whole ONNX model as a TFLite graph: inputs, each node by the table, outputs."""

import onnx_ir as ir

from edgecompress.errors import InputError
from edgecompress.formats.tflite.graph import Tensor, TfliteGraph
from edgecompress.formats.tflite.lowering import patterns, views
from edgecompress.formats.tflite.lowering.constants import constant_nodes
from edgecompress.formats.tflite.lowering.context import Lowering, Value, refused
from edgecompress.formats.tflite.lowering.operators import OPERATORS

_KINDS = {
    ir.DataType.BOOL: "bool",
    ir.DataType.FLOAT: "float32",
    ir.DataType.INT32: "int32",
    ir.DataType.INT64: "int64",
}


def lower(model: ir.Model, *, batch: int = 1) -> TfliteGraph:
    """The TFLite graph of a float32 model; the model is not changed.

    Inputs (N, C, H, W) and (N, C, L) become (N, H, W, C) and (N, L, C), any other of three or more axes likewise has
    its second one last, and so do outputs, under their ONNX names. Where N is free it becomes ``batch``. Constants keep
    the names of their initialisers.

    Raises:
        InputError: an operator, an option, a type or a shape that has no TFLite form here; the line names it.
        CheckError: a BatchNormalization cannot be folded without a change of its weight's zeros.
    """
    known = constant_nodes(model.graph)
    gelus = patterns.gelus(model.graph)
    _refuse_unknown(model.graph, known | gelus.inner)
    lowering = Lowering(opset=model.opset_imports.get("", 1), constant_nodes=known | gelus.inner)
    for given in model.graph.inputs:
        if not given.is_initializer():
            lowering.values[given] = _input(lowering, given, batch)
    for node in model.graph:
        if node in gelus.inner:
            continue
        if node in known:
            lowering.evaluate(node)
            continue
        made = patterns.gelu(node, gelus, lowering) if node in gelus.last else OPERATORS[node.op_type](node, lowering)
        values = made if isinstance(made, tuple) else (made,)
        for extra in node.outputs[len(values) :]:
            if extra.uses() or extra.is_graph_output():
                raise refused(node, f"its output '{extra.name}' is used; only the first one is supported")
        lowering.values.update(zip(node.outputs, values, strict=False))
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
        hint = "; export with opset 20, where GELU is one operator" if "Erf" in unknown else ""
        raise InputError(
            f"cannot write {', '.join(unknown)} to TFLite; supported operators: {', '.join(sorted(OPERATORS))}{hint}. "
            "Use format onnx, or convert the model with litert-torch (pip install 'edgecompress[litert-torch]', in an "
            "environment of its own) and compress that file with: edgecompress pack"
        )


def _input(lowering: Lowering, given: ir.Value, batch: int) -> Value:
    """The tensor of an input, and its value."""
    name = given.name or "input"
    sizes = list(given.shape) if given.shape is not None else []
    rest = [size for size in sizes[1:] if isinstance(size, int) and size > 0]
    if not sizes or len(rest) + 1 != len(sizes) or sizes[0] == 0:
        raise InputError(
            f"the model's input '{name}' has the shape {sizes}; TFLite needs one that is fixed but for the batch, "
            "the first axis: export the model with fixed sizes"
        )
    if given.dtype not in _KINDS:
        raise InputError(
            f"the model's input '{name}' is {given.dtype}; only float32, int32, int64 and bool are supported"
        )
    shape = (sizes[0] if isinstance(sizes[0], int) else batch, *rest)
    view = views.channels_last(shape)
    tensor = Tensor(name, view.shape, kind=_KINDS[given.dtype])
    lowering.graph.inputs.append(tensor)
    return Value(tensor, shape, view)


def _output(lowering: Lowering, result: ir.Value) -> None:
    """Make what holds ``result`` an output, in the layout that users see and under its own name."""
    name = result.name or "output"
    if result not in lowering.values:
        raise InputError(f"the model's output '{name}' is not computed from its input; remove it")
    value = lowering.values[result]
    tensor = lowering.arranged(value, views.channels_last(value.shape), name)
    graph = lowering.graph
    if any(tensor is other for other in (*graph.inputs, *graph.outputs)):
        # One tensor cannot be two ends of a graph: the runtime gets a copy.
        tensor = lowering.copy(tensor, tensor.shape, name)
    tensor.name = name
    graph.outputs.append(tensor)
