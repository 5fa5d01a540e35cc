"""Replacing the weights of a graph by the subgraphs that decode them, where that makes the file smaller."""

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir

from edgecompress.encode.choose import choose
from edgecompress.encode.coders import wavelet
from edgecompress.encode.group import Group
from edgecompress.encode.partition import Costs, Mode
from edgecompress.encode.single import Single
from edgecompress.encode.weights import Floats
from edgecompress.formats.gain import CHANNEL_CODEBOOKS
from edgecompress.formats.onnx import channel_codebooks
from edgecompress.formats.onnx.builder import LABEL, Builder, NameScope
from edgecompress.formats.onnx.decoders import tensors

LEAST_OPSET = 13
"""The first with all operators of the decode subgraphs: Split takes its sizes as an input."""

# About what the operators of each part take in a file. Only what is merged depends on it; what is written is decided by
# the exact size of what was built.
COSTS = Costs(
    member=110,
    alike=20,
    sparse=2,
    split=20,
    coder={"rice": 60, "escape": 140, "wavelet": 350, "packed": 60, "float16": 75, "float32": 50},
    unpacking=200,
    level=wavelet.LEVEL,
)

_TYPES = {ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.INT8, ir.DataType.UINT8}


def compress_weights(model: ir.Model, mode: Mode) -> dict[str, str]:
    """Encode the initialisers of ``model`` in place, each once, however many nodes use it.

    A weight whose channels have values of their own becomes one of few values first (``channel_codebooks``). float32,
    float16, int8 and uint8 are encoded; what is not float32 is decoded as float32, which holds them all
    exactly, and cast. Every choice counts the exact bytes of nodes, names, shapes and constants, so nothing makes
    the file larger.

    Returns:
        Notes by initialiser: for one that stays as it is, why; and what keeps another from getting smaller.
    """
    scope = NameScope(_names(model), model.opset_imports[""])
    indexed = _index_channels(model.graph, scope)
    values = dict(model.graph.initializers)
    notes = {name: reason for name, value in values.items() if (reason := _why_not(value))}
    arrays = {name: _array(value) for name, value in values.items() if name not in notes}
    types = {name: _tensor(values[name]).dtype for name in arrays}

    def single_bytes(name: str, single: Single) -> int:
        if single.kind == "raw":
            return _raw_bytes(values[name])
        return _single(scope.fork(), name, single, types[name]).byte_size()

    def group_bytes(group: Group) -> int:
        return _group(scope.fork(), group, types).byte_size()

    choice = choose(arrays, mode, COSTS, single_bytes=single_bytes, group_bytes=group_bytes)
    first = next(iter(model.graph), None)
    coded = list(choice.group.labels()) if choice.group else []
    if choice.group:
        _insert(model.graph, values, coded, _group(scope, choice.group, types), first)
    for name, single in choice.singles.items():
        if single.kind != "raw":
            _insert(model.graph, values, [name], _single(scope, name, single, types[name]), first)
    labels = (choice.group.labels() if choice.group else {}) | {n: each.kind for n, each in choice.singles.items()}
    for name, node in indexed.items():
        node.metadata_props[LABEL] = f"{labels.get(name, 'raw')}+{CHANNEL_CODEBOOKS}"
    return notes | choice.notes | _negative_zeros({name: arrays[name] for name in coded})


def _index_channels(graph: ir.Graph, scope: NameScope) -> dict[str, ir.Node]:
    """Make indices of weights whose channels have codebooks of their own: the last node of each, by their name."""
    found = {}
    for name, value in list(graph.initializers.items()):
        if _why_not(value) or _tensor(value).dtype != ir.DataType.FLOAT:
            continue
        codebooks = channel_codebooks.find(_array(value))
        if codebooks is not None:
            build = Builder(scope)
            weight, indices = codebooks.build(build)
            build.finish(weight, name, CHANNEL_CODEBOOKS)
            _insert(graph, {name: value}, [name], build, next(iter(graph), None))
            found[str(indices.name)] = build.nodes[-1]
    return found


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
    """The reason why an initialiser is not even considered."""
    tensor = value.const_value
    if tensor is None or tensor.dtype not in _TYPES:
        return "neither float32, float16, int8 nor uint8"
    if value.is_graph_input():
        return "a graph input of the same name may replace it at run time"
    if value.is_graph_output():
        return "it is an output of the graph"
    if not value.uses():
        return "nothing uses it"
    if tensor.dtype == ir.DataType.FLOAT16 and np.isnan(tensor.numpy()).any():
        return "float16 with NaN, whose bits a cast would not keep"
    return None


def _tensor(value: ir.Value) -> ir.TensorProtocol:
    """The data of an initialiser; what the value itself says of its type may be missing."""
    assert value.const_value is not None
    return value.const_value


def _array(value: ir.Value) -> Floats:
    return _tensor(value).numpy().astype(np.float32, copy=False)


def _raw_bytes(value: ir.Value) -> int:
    """Bytes of an initialiser as it is."""
    tensor = _tensor(value)
    # Name, shape, type and the lengths of all fields; exact to a few bytes, which decide nothing.
    return tensor.nbytes + len(str(value.name).encode()) + 2 * len(tensor.shape) + 12


def _single(scope: NameScope, name: str, single: Single, dtype: ir.DataType) -> Builder:
    build = Builder(scope)
    _finish(build, tensors.single(build, single), name, single.kind, dtype)
    return build


def _group(scope: NameScope, group: Group, types: Mapping[str, ir.DataType]) -> Builder:
    build = Builder(scope)
    labels = group.labels()
    for name, value in tensors.group(build, group).items():
        _finish(build, value, name, labels[name], types[name])
    return build


def _finish(build: Builder, value: ir.Value, name: str, label: str, dtype: ir.DataType) -> None:
    build.finish(value if dtype == ir.DataType.FLOAT else build.cast(value, dtype), name, label)


def _insert(
    graph: ir.Graph, values: Mapping[str, ir.Value], names: list[str], build: Builder, first: ir.Node | None
) -> None:
    """Put a decode subgraph in front of the graph in place of the initialisers ``names``."""
    outputs = {str(output.name): output for node in build.nodes for output in node.outputs}
    assert first is not None, "an initialiser that is used has a user"
    for name in names:
        values[name].replace_all_uses_with(outputs[name])
        del graph.initializers[name]
    for initializer in build.initializers:
        graph.register_initializer(initializer)
    graph.insert_before(first, build.nodes)


def _negative_zeros(arrays: Mapping[str, Floats]) -> dict[str, str]:
    """A note for each array that -0.0 keeps from being smaller."""
    notes = {}
    for name, array in arrays.items():
        if count := int(np.count_nonzero((array == 0) & np.signbit(array))):
            notes[name] = f"{count} elements are -0.0, kept as a value of its own; with 0.0 there the file is smaller"
    return notes
