"""One way to write what ONNX files write in several: so that a weight is found wherever a tool has put it.

Case 1: the default domain is also called ``ai.onnx``. Case 2: nodes may stand in any order; runtimes sort them. Case 3:
before IR version 4 an initialiser is an input too, which says nothing; from there on it may be replaced at run time.
Case 4: the weights of functions, and of the bodies of If, Loop and Scan, which may as well be initialisers of the graph
around them. What a body holds keeps its name unless another value has the same.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from math import prod
from typing import Any

import onnx
import onnx.inliner
from onnx import FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto

DEFAULT_DOMAIN, DEFAULT_NAME = "", "ai.onnx"

MAY_BE_REPLACED = 4
"""From this IR version on, an initialiser that is an input too may be replaced at run time; before, each had to be."""

SMALL = 16
"""Constants of at most so many elements stay where they are: shapes, axes, bounds."""

_STAY = {TensorProto.INT64, TensorProto.BOOL, TensorProto.STRING}


def canonical(proto: ModelProto) -> None:
    """Apply all cases in place. A graph with a cycle stays in an order that no runtime takes."""
    _one_domain(proto)
    if any(_weights_in(node) for function in proto.functions for node in function.node):
        proto.CopyFrom(onnx.inliner.inline_local_functions(proto))
    for graph in (*proto.functions, proto.graph):
        _sort(graph)
    if proto.ir_version < MAY_BE_REPLACED:
        held = {tensor.name for tensor in proto.graph.initializer}
        _keep(proto.graph.input, [value for value in proto.graph.input if value.name not in held])
        proto.ir_version = MAY_BE_REPLACED
    _lift(proto.graph)


def drop_unread(graph: GraphProto) -> None:
    """Leave out nodes that make nothing which an output of the graph needs, in bodies too; nodes are in order."""
    needed = {value.name for value in graph.output}
    kept = []
    for node in reversed(graph.node):
        if not any(node.output) or needed.intersection(node.output):
            for body in bodies(node):
                drop_unread(body)
            needed.update(reads(node))
            kept.append(node)
    if len(kept) < len(graph.node):
        _keep(graph.node, kept[::-1])


def bodies(node: NodeProto) -> Iterator[GraphProto]:
    """The graphs in the attributes of a node."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def nodes_of(graph: GraphProto | FunctionProto) -> Iterator[NodeProto]:
    """All nodes of a graph, those of bodies included."""
    for node in graph.node:
        yield node
        for body in bodies(node):
            yield from nodes_of(body)


def _one_domain(proto: ModelProto) -> None:
    """Case 1. Of two entries of one domain a runtime takes the last."""
    for holder in (proto, *proto.functions):
        versions = {}
        for entry in holder.opset_import:
            versions[DEFAULT_DOMAIN if entry.domain == DEFAULT_NAME else entry.domain] = entry.version
        if len(versions) != len(holder.opset_import) or any(e.domain == DEFAULT_NAME for e in holder.opset_import):
            del holder.opset_import[:]
            holder.opset_import.extend(onnx.helper.make_opsetid(*each) for each in versions.items())
    for graph in (proto.graph, *proto.functions):
        for node in nodes_of(graph):
            if node.domain == DEFAULT_NAME:
                node.domain = DEFAULT_DOMAIN


def _sort(graph: GraphProto | FunctionProto) -> None:
    """Case 2: each node behind those that it reads, else in the given order."""
    for node in graph.node:
        for body in bodies(node):
            _sort(body)
    made = {name: place for place, node in enumerate(graph.node) for name in node.output if name}
    before = [sorted({made[name] for name in reads(node) if name in made}) for node in graph.node]
    if all(not needed or needed[-1] < place for place, needed in enumerate(before)):
        return
    order: list[int] = []
    state = [0] * len(before)  # 1: waits for what it reads; 2: placed
    for place in range(len(before)):
        pending = [place]
        while pending:
            current = pending[-1]
            waiting = [each for each in before[current] if not state[each]] if not state[current] else []
            state[current] = state[current] or 1
            if waiting:
                pending += waiting[::-1]
            elif state[pending.pop()] == 1:
                state[current] = 2
                order.append(current)
    _keep(graph.node, [graph.node[place] for place in order])


def reads(node: NodeProto) -> Iterator[str]:
    """The names a node reads, those that the bodies of control flow take from outside included."""
    yield from node.input
    for body in bodies(node):
        for inner in body.node:
            yield from reads(inner)
        yield from (value.name for value in body.output)


def _weights_in(node: NodeProto) -> bool:
    held = any(_is_weight(tensor) for body in bodies(node) for tensor in body.initializer)
    return held or _constant(node) is not None or any(_weights_in(each) for body in bodies(node) for each in body.node)


def _is_weight(tensor: TensorProto) -> bool:
    return prod(tensor.dims) > SMALL and tensor.data_type not in _STAY


def _constant(node: NodeProto) -> TensorProto | None:
    """The weight in a Constant node."""
    if node.op_type != "Constant" or node.domain != DEFAULT_DOMAIN or len(node.attribute) != 1:
        return None
    attribute = node.attribute[0]
    if attribute.name == "value_floats" and len(attribute.floats) > SMALL:
        return onnx.helper.make_tensor("", TensorProto.FLOAT, [len(attribute.floats)], attribute.floats)
    return attribute.t if attribute.name == "value" and _is_weight(attribute.t) else None


def _lift(graph: GraphProto) -> None:
    """Case 4."""
    inner = [body for node in graph.node for body in bodies(node)]
    if not inner:
        return
    defined = Counter(_defined(graph))
    for body in inner:
        graph.initializer.extend(_lifted(body, defined))


def _defined(graph: GraphProto) -> Iterator[str]:
    """Every name that a graph or a body in it gives to something."""
    yield from (value.name for value in graph.input)
    yield from (tensor.name for tensor in graph.initializer)
    yield from (tensor.values.name for tensor in graph.sparse_initializer)
    for node in graph.node:
        yield from node.output
        for body in bodies(node):
            yield from _defined(body)


def _lifted(body: GraphProto, defined: Counter[str]) -> list[TensorProto]:
    """The weights of a body and of those in it, taken out."""
    lifted = [tensor for node in body.node for inner in bodies(node) for tensor in _lifted(inner, defined)]
    inputs, outputs = ({value.name for value in values} for values in (body.input, body.output))
    renamed: dict[str, str] = {}
    passed: list[NodeProto] = []
    constants = {node.output[0]: tensor for node in body.node if (tensor := _constant(node)) is not None}
    held = {tensor.name: tensor for tensor in body.initializer if _is_weight(tensor) and tensor.name not in inputs}
    for name, tensor in {**held, **constants}.items():
        new = name
        if defined[name] > 1 or name in outputs:
            new = next(text for n in count(2) if not defined[text := f"{name}#{n}"])
            defined[new] += 1
            renamed[name] = new
        if name in outputs:  # a body gives only what a node of it makes
            passed.append(onnx.helper.make_node("Identity", [new], [name]))
        lifted.append(TensorProto())
        lifted[-1].CopyFrom(tensor)
        lifted[-1].name = new
    if held or constants:
        _keep(body.initializer, [tensor for tensor in body.initializer if tensor.name not in held])
        nodes = [node for node in body.node if not (node.op_type == "Constant" and node.output[0] in constants)]
        for node in nodes:
            _rename(node, {name: new for name, new in renamed.items() if name not in outputs})
        _keep(body.node, [*passed, *nodes])
    return lifted


def _keep(field: Any, kept: Sequence[Any]) -> None:
    """Leave only ``kept`` in a repeated field of messages, in this order."""
    copies = [type(each).FromString(each.SerializeToString()) for each in kept]
    del field[:]
    field.extend(copies)


def _rename(node: NodeProto, names: dict[str, str]) -> None:
    """Let a node, and the bodies in it, read other names. No inner name hides one of a graph around it."""
    for place, name in enumerate(node.input):
        node.input[place] = names.get(name, name)
    for body in bodies(node):
        own = {value.name for value in body.input} | {tensor.name for tensor in body.initializer}
        own |= {name for inner in body.node for name in inner.output}
        for inner in body.node:
            _rename(inner, {name: new for name, new in names.items() if name not in own})
