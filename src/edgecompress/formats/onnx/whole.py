"""Check that a message is a whole ONNX graph: text that is text, and a source for every value that is read."""

from collections.abc import Iterable, Iterator, Set

import onnx
from google.protobuf.descriptor import FieldDescriptor  # type: ignore[import-untyped]
from google.protobuf.message import Message  # type: ignore[import-untyped]

from edgecompress.formats.onnx.canonical import DEFAULT_DOMAIN, bodies, nodes_of

_DATA_TYPES = set(onnx.TensorProto.DataType.values()) - {onnx.TensorProto.UNDEFINED}
_MOST_VERSIONS = 2**31


def incomplete(proto: onnx.ModelProto) -> str | None:
    """The missing part of a graph that cannot run, in words; ``None``: nothing is missing.

    Outputs, an opset, types and shapes of what is stored, and a source for every value that is read, in the bodies of
    control flow as well. Nodes are taken in the order in which they stand (``canonical``).
    """
    graph = proto.graph
    if not graph.output:
        return "it has no output"
    for entry in proto.opset_import:
        if not 0 < entry.version < _MOST_VERSIONS:
            return f"it states opset {entry.version} of {entry.domain or 'onnx'}"
    for tensor in graph.initializer:
        if tensor.data_type not in _DATA_TYPES or any(size < 0 for size in tensor.dims):
            return f"the tensor {tensor.name!r} has no type or no shape"
    if not any(opset.domain == DEFAULT_DOMAIN for opset in proto.opset_import) and any(
        node.domain == DEFAULT_DOMAIN for node in nodes_of(graph)
    ):
        return "it does not say its opset"
    for function in proto.functions:
        if found := _unsourced(function.node, {"", *function.input}, function.output):
            return f"{found} (in the function {function.name!r})"
    return _without_source(graph, frozenset())


def garbled(message: Message) -> str | None:
    """The name of the first field of text that is not UTF-8, which ONNX asks for; ``None``: all are.

    Protobuf gives such a field as bytes, and whatever looks it up fails.
    """
    for field, value in message.ListFields():
        if field.type not in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_MESSAGE):
            continue
        for each in (value,) if isinstance(value, str | bytes | Message) else value:
            if isinstance(each, bytes):
                return f"{message.DESCRIPTOR.name}.{field.name}"
            if isinstance(each, Message) and (found := garbled(each)):
                return found
    return None


def _without_source(graph: onnx.GraphProto, outside: Set[str]) -> str | None:
    outputs = [value.name for value in graph.output]
    return _unsourced(graph.node, {"", *outside, *_given(graph)}, outputs)


def _unsourced(nodes: Iterable[onnx.NodeProto], known: set[str], outputs: Iterable[str]) -> str | None:
    for node in nodes:
        for name in node.input:
            if name not in known:
                return f"nothing gives the value {name!r} that a node of type {node.op_type!r} reads"
        for body in bodies(node):
            if found := _without_source(body, known):
                return found
        known.update(node.output)
    missing = [name for name in outputs if name not in known]
    return f"nothing gives its output {missing[0]!r}" if missing else None


def _given(graph: onnx.GraphProto) -> Iterator[str]:
    """The names of what a graph holds before any node runs."""
    yield from (value.name for value in graph.input)
    yield from (tensor.name for tensor in graph.initializer)
    yield from (tensor.values.name for tensor in graph.sparse_initializer)
