"""Replacing the weights of a graph by the subgraphs that decode them, where that makes the file smaller."""

import numpy as np
import onnx_ir as ir

from edgecompress import methods
from edgecompress.encode.choose import choose
from edgecompress.encode.contract import Encoded, Plan
from edgecompress.export.onnx_graph.builder import Builder, Scope

DECODERS = "edgecompress.export.onnx_graph.decoders"


def compress_weights(model: ir.Model) -> dict[str, str]:
    """Encode the float32 initialisers of ``model`` in place, each once, however many nodes use it.

    Every choice counts the exact bytes of nodes, names, shapes and new constants, so no tensor makes the file larger.
    Biases and the parameters of a normalisation (one-dimensional) stay as they are.

    Returns:
        Notes by initialiser: for one that stays as it is, why; and what keeps another from getting smaller.
    """
    scope = Scope(_names(model))
    notes: dict[str, str] = {}
    first = next(iter(model.graph), None)
    for name, value in list(model.graph.initializers.items()):
        reason = _why_not(value)
        if reason:
            notes[name] = reason
            continue
        assert value.const_value is not None
        array = value.const_value.numpy()
        choice = choose(array, lambda plan, name=name: _overhead(scope, plan, name))  # type: ignore[misc]
        if choice.encoded.encoding == "raw":
            notes[name] = "; ".join(f"{other}: {why}" for other, why in choice.rejected.items())
            continue
        if negative := np.count_nonzero((array == 0) & np.signbit(array)):
            notes[name] = (
                f"{negative} elements are -0.0, kept as a value of its own; with 0.0 there the file is smaller"
            )
        build = _decoder(scope, choice.encoded, name)
        _replace(model.graph, value, build, first)
    return notes


def _names(model: ir.Model) -> set[str]:
    """Every value name that is in use anywhere in the model, also inside the bodies of control flow."""
    names = {str(value.name) for value in model.graph.inputs} | set(model.graph.initializers)
    for node in model.graph.all_nodes():
        names |= {str(value.name) for value in [*node.inputs, *node.outputs] if value is not None}
        for attribute in node.attributes.values():
            if attribute.type == ir.AttributeType.GRAPH:
                names |= set(attribute.as_graph().initializers) | {str(v.name) for v in attribute.as_graph().inputs}
    return names


def _why_not(value: ir.Value) -> str | None:
    """Why an initialiser is not even considered."""
    tensor = value.const_value
    if tensor is None or tensor.dtype != ir.DataType.FLOAT:
        return "not float32"
    if len(tensor.shape) < 2:
        return "one-dimensional: biases and normalisation parameters stay as they are"
    if value.is_graph_input():
        return "a graph input of the same name may replace it at run time"
    if value.is_graph_output():
        return "it is an output of the graph"
    if not value.uses():
        return "nothing uses it"
    return None


def _decoder(scope: Scope, encoded: Encoded, name: str) -> Builder:
    """The subgraph that decodes ``encoded`` to the value ``name``."""
    build = Builder(scope, encoded.arrays)
    methods.find(DECODERS, encoded.encoding)(build, encoded)
    build.finish(name, encoded.encoding)
    return build


def _overhead(scope: Scope, plan: Plan, name: str) -> int:
    """Exact bytes that the graph spends on a tensor beside the data, found by building its subgraph around zeros."""
    arrays = {key: np.zeros(layout.shape, layout.dtype) for key, layout in plan.arrays.items()}
    if plan.encoding == "raw":
        build = Builder(scope.fork(), arrays)
        build.stored("values").const_value = ir.Tensor(arrays["values"], name=name)
    else:
        build = _decoder(scope.fork(), Encoded(plan.encoding, plan.shape, plan.options, arrays), name)
    return build.byte_size() - plan.size


def _replace(graph: ir.Graph, value: ir.Value, build: Builder, first: ir.Node | None) -> None:
    """Put the decode subgraph in front of the graph in place of an initialiser."""
    (output,) = build.nodes[-1].outputs
    assert first is not None, "an initialiser that is used has a user"
    value.replace_all_uses_with(output)
    del graph.initializers[str(value.name)]
    for initializer in build.initializers:
        graph.register_initializer(initializer)
    graph.insert_before(first, build.nodes)
