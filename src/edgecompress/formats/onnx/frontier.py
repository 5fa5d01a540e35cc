"""The constant frontier of an ONNX graph: the values that depend on no input, where they meet the rest of the graph.

This works on the protobuf message and not on onnx-ir, because it has to say which bytes of the file belong to which
weight.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from edgecompress.formats.onnx.canonical import bodies, reads
from edgecompress.formats.onnx.read import LARGEST_MESSAGE

Part = onnx.NodeProto | onnx.TensorProto | onnx.SparseTensorProto | onnx.ValueInfoProto

_FOLDABLE_DOMAINS = {"", "ai.onnx", "com.microsoft"}
_NEVER_FOLDED = {"DequantizeLinear"}
"""onnxruntime leaves it in the graph, for its int8 kernels read the integers before it: those are the weights."""

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
class FrontierConstant:
    """A value on the frontier, what it is computed from, and the bytes of the file that are spent on it alone.

    ``nodes`` are in the order of the file; the last one makes the value.
    """

    name: str
    nodes: list[onnx.NodeProto]
    initializers: list[onnx.TensorProto]
    sparse_initializers: list[onnx.SparseTensorProto]
    own: int


@dataclass(frozen=True)
class Frontier:
    """The constants, and what several of them are computed from: bytes by the names of those constants."""

    constants: list[FrontierConstant]
    shared: dict[tuple[str, ...], int]


def frontier(graph: onnx.GraphProto, without: Mapping[str, int] | None = None) -> Frontier:
    """All values computed from initialisers and Constant nodes alone that another kind of node or an output reads.

    ``without`` says how many bytes of data an initialiser has in the file that it does not have in ``graph``.
    """
    inputs = {value.name for value in graph.input}
    dense = {tensor.name: tensor for tensor in graph.initializer}
    sparse = {tensor.values.name: tensor for tensor in graph.sparse_initializer}
    # What may be replaced at run time is a weight, but nothing computed from it is constant.
    constant = {*dense, *sparse} - inputs
    producer: dict[str, int] = {}
    read: dict[str, None] = {}
    for place, node in enumerate(graph.node):
        if _is_constant(node, constant):
            constant.update(node.output)
            producer.update(dict.fromkeys(node.output, place))
        else:
            read.update(dict.fromkeys(reads(node)))
    read.update(dict.fromkeys(value.name for value in graph.output))
    known = {*constant, *dense, *sparse}
    closures = {name: _closure(name, producer, graph) for name in read if name in known and name}
    own, shared = _bytes(graph, closures, {**sparse, **dense}, without or {})
    constants = [
        FrontierConstant(
            name,
            [graph.node[place] for place in places],
            [dense[leaf] for leaf in leaves if leaf in dense],
            [sparse[leaf] for leaf in leaves if leaf in sparse],
            own.get(name, 0),
        )
        for name, (places, leaves) in closures.items()
    ]
    return Frontier(constants, shared)


def _bytes(
    graph: onnx.GraphProto,
    closures: dict[str, tuple[list[int], list[str]]],
    leaves: dict[str, Part],
    without: Mapping[str, int],
) -> tuple[dict[str, int], dict[tuple[str, ...], int]]:
    """Bytes of each constant by itself, and of several together, under their names."""
    types = {value.name: value for value in graph.value_info}
    users: dict[int | str, list[str]] = {}
    for name, (places, needed) in closures.items():
        keys: list[int | str] = [*places, *needed]
        for key in keys:
            users.setdefault(key, []).append(name)
    found: dict[tuple[str, ...], int] = {}
    for key, names in users.items():
        part = graph.node[key] if isinstance(key, int) else leaves.get(key)
        described = part.output if isinstance(part, onnx.NodeProto) else [key]
        parts = [part, *(types.get(output) for output in described)]
        size = sum(_field(_bytes_of(each, without)) for each in parts if each is not None)
        found[tuple(names)] = found.get(tuple(names), 0) + size
    own = {names[0]: size for names, size in found.items() if len(names) == 1}
    return own, {names: size for names, size in found.items() if len(names) > 1}


def _is_constant(node: onnx.NodeProto, constant: set[str]) -> bool:
    if node.op_type == "Constant":
        return True
    inputs = [name for name in node.input if name]
    return (
        bool(inputs)
        and constant.issuperset(inputs)
        and node.domain in _FOLDABLE_DOMAINS
        and node.op_type not in _RANDOM
        and node.op_type not in _NEVER_FOLDED
        and next(bodies(node), None) is None
    )


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


def _field(size: int) -> int:
    """Bytes of a field of so many: its tag, the length, what is in it."""
    return 1 + max(1, -(-size.bit_length() // 7)) + size


def _bytes_of(part: Part, without: Mapping[str, int]) -> int:
    if isinstance(part, onnx.TensorProto) and part.name in without:
        return int(part.ByteSize()) + _field(without[part.name])
    if isinstance(part, onnx.TensorProto) and len(part.raw_data) >= LARGEST_MESSAGE:
        # Read from a second file. As a message it would be too large to be measured.
        head = onnx.TensorProto(dims=part.dims, data_type=part.data_type, name=part.name)
        return int(head.ByteSize()) + _field(len(part.raw_data))
    return int(part.ByteSize())
