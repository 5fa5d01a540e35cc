"""The constant frontier of an ONNX graph: the values that depend on no input, where they meet the rest of the graph.

This works on the protobuf message and not on onnx-ir, because it has to say which bytes of the file belong to which
weight.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import onnx

Part = onnx.NodeProto | onnx.TensorProto | onnx.SparseTensorProto | onnx.ValueInfoProto

_FOLDABLE_DOMAINS = {"", "ai.onnx", "com.microsoft"}
_RANDOM = {
    "Bernoulli",
    "Dropout",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
}


@dataclass(frozen=True)
class Constant:
    """A value on the frontier, what it is computed from, and the bytes that the file spends on that.

    ``nodes`` are in the order of the file. What several constants share counts for the first of them.
    """

    name: str
    nodes: list[onnx.NodeProto]
    initializers: list[onnx.TensorProto]
    sparse_initializers: list[onnx.SparseTensorProto]
    stored: int


def frontier(graph: onnx.GraphProto) -> list[Constant]:
    """All values computed from initialisers and Constant nodes alone that another kind of node or an output reads."""
    inputs = {value.name for value in graph.input}
    dense = {tensor.name: tensor for tensor in graph.initializer if tensor.name not in inputs}
    sparse = {tensor.values.name: tensor for tensor in graph.sparse_initializer if tensor.values.name not in inputs}
    constant = {*dense, *sparse}
    producer: dict[str, int] = {}
    read: dict[str, None] = {}
    for place, node in enumerate(graph.node):
        if _is_constant(node, constant):
            constant.update(node.output)
            producer.update(dict.fromkeys(node.output, place))
        else:
            read.update(dict.fromkeys(_reads(node)))
    read.update(dict.fromkeys(value.name for value in graph.output))
    types = {value.name: value for value in graph.value_info}
    counted: set[str] = set()
    found = []
    for name in read:
        if name not in constant or name == "":
            continue
        places, leaves = _closure(name, producer, graph)
        nodes = [graph.node[place] for place in places]
        parts: dict[str, Part] = {node.output[0]: node for node in nodes}
        parts |= {leaf: dense[leaf] for leaf in leaves if leaf in dense}
        parts |= {leaf: sparse[leaf] for leaf in leaves if leaf in sparse}
        new = [part for key, part in parts.items() if key not in counted]
        described = [*leaves, *(output for node in nodes for output in node.output)]
        new += [types[key] for key in described if key in types and key not in counted]
        counted.update(parts, described)
        found.append(
            Constant(
                name,
                nodes,
                [dense[leaf] for leaf in leaves if leaf in dense],
                [sparse[leaf] for leaf in leaves if leaf in sparse],
                sum(map(_embedded, new)),
            )
        )
    return found


def _is_constant(node: onnx.NodeProto, constant: set[str]) -> bool:
    if node.op_type == "Constant":
        return True
    inputs = [name for name in node.input if name]
    return (
        bool(inputs)
        and constant.issuperset(inputs)
        and node.domain in _FOLDABLE_DOMAINS
        and node.op_type not in _RANDOM
        and not any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute)
    )


def _reads(node: onnx.NodeProto) -> Iterator[str]:
    """The names a node reads, those that the bodies of control flow take from outside included."""
    yield from node.input
    for attribute in node.attribute:
        for body in [attribute.g] * attribute.HasField("g") + list(attribute.graphs):
            for inner in body.node:
                yield from _reads(inner)
            yield from (value.name for value in body.output)


def _closure(name: str, producer: dict[str, int], graph: onnx.GraphProto) -> tuple[list[int], list[str]]:
    """The places of the nodes that ``name`` is computed by, rising, and the names of the initialisers."""
    places: set[int] = set()
    leaves: dict[str, None] = {}
    pending = [name]
    while pending:
        current = pending.pop()
        place = producer.get(current)
        if place is None:
            leaves[current] = None
        elif place not in places:
            places.add(place)
            pending += [leaf for leaf in graph.node[place].input if leaf]
    return sorted(places), list(leaves)


def _embedded(part: Part) -> int:
    """Bytes of a message as a field of the graph: the field's tag, the length, the message."""
    size = int(part.ByteSize())
    return 1 + max(1, -(-size.bit_length() // 7)) + size
