"""A TFLite graph as the search for runs of sparse inference sees it: of our own lowering, or of any file."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from edgecompress.formats.tflite.graph import Array, Tensor, TfliteGraph
from edgecompress.formats.tflite.model_file import operator_name
from edgecompress.formats.tflite.schema import schema

DECODERS = ("DENSIFY", "DEQUANTIZE")
# Operators that take a weight, at input 1.
LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


@dataclass(frozen=True, eq=False)
class OperatorNode:
    """One operator: the schema's name, tensors by number (-1 is absent), options by their names in the schema."""

    code: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Net:
    """A graph without the operators that decode constants.

    Attributes:
        nodes: in execution order.
        shapes: of each tensor; a size that is free is -1.
        names: of each tensor.
        constants: the tensors that are constant once the model is loaded.
        integers: the values of small integer constants, as operators take axes and amounts.
        zeros: of each layer's weight, how many elements are zero and how many there are.
        floats: tensors that are float32 once the model is loaded.
        ends: inputs and outputs of the graph.
        has_densify: whether an operator reads what a DENSIFY makes.
    """

    nodes: tuple[OperatorNode, ...]
    shapes: Mapping[int, tuple[int, ...]]
    names: Mapping[int, str]
    constants: frozenset[int]
    integers: Mapping[int, Array]
    zeros: Mapping[int, tuple[int, int]]
    floats: frozenset[int]
    ends: frozenset[int]
    has_densify: bool

    @cached_property
    def readers(self) -> Mapping[int, tuple[int, ...]]:
        """The nodes, by place, that read each tensor."""
        found: dict[int, list[int]] = defaultdict(list)
        for place, node in enumerate(self.nodes):
            for tensor in dict.fromkeys(node.inputs):
                found[tensor].append(place)
        return {tensor: tuple(places) for tensor, places in found.items()}

    @cached_property
    def makers(self) -> Mapping[int, int]:
        """The node, by place, that computes each tensor."""
        return {tensor: place for place, node in enumerate(self.nodes) for tensor in node.outputs}

    def computed(self, node: OperatorNode) -> list[int]:
        """The inputs of a node that are not constant."""
        return [tensor for tensor in node.inputs if tensor >= 0 and tensor not in self.constants]


def of_graph(graph: TfliteGraph, *, has_densify: bool) -> Net:
    """The view of a graph whose weights are not decoded by operators yet; ``has_densify`` says whether one will be."""
    numbers: dict[Tensor, int] = {tensor: number for number, tensor in enumerate(graph.tensors())}
    for tensor in graph.outputs:
        numbers.setdefault(tensor, len(numbers))
    nodes = tuple(
        OperatorNode(each.code, tuple(numbers[given] for given in each.inputs), (numbers[each.output],), each.options)
        for each in graph.operators
    )
    data = {number: tensor.data for tensor, number in numbers.items() if tensor.data is not None}
    weights = {node.inputs[1] for node in nodes if node.code in LAYERS}
    return Net(
        nodes=nodes,
        shapes={number: tensor.shape for tensor, number in numbers.items()},
        names={number: tensor.name for tensor, number in numbers.items()},
        constants=frozenset(data),
        integers={number: array for number, array in data.items() if array.dtype.kind == "i"},
        zeros={
            number: (array.size - int(np.count_nonzero(array)), array.size)
            for number, array in data.items()
            if number in weights
        },
        floats=frozenset(
            number
            for tensor, number in numbers.items()
            if (tensor.kind if tensor.data is None else tensor.data.dtype.name) == "float32"
        ),
        ends=frozenset(numbers[tensor] for tensor in (*graph.inputs, *graph.outputs)),
        has_densify=has_densify,
    )


def of_model(model: Any, subgraph: int) -> Net:
    """The view of one subgraph of a file's ``ModelT``, whose buffers hold their data.

    Raises:
        LookupError, TypeError, AttributeError, ValueError: the tables do not fit each other.
    """
    graph = model.subgraphs[subgraph]
    tensors = graph.tensors or []
    roots: dict[int, int] = {}
    nodes: list[OperatorNode] = []
    densified: set[int] = set()
    for operator in graph.operators or []:
        node = OperatorNode(
            operator_name(model, operator),
            _integers(operator.inputs),
            _integers(operator.outputs),
            {} if operator.builtinOptions is None else vars(operator.builtinOptions),
        )
        given = node.inputs[0] if node.inputs else -1
        root = roots.get(given, given)
        if node.code in DECODERS and root >= 0 and _data(model, tensors[root]) is not None:
            roots[node.outputs[0]] = root
            if node.code == "DENSIFY" or given in densified:
                densified.add(node.outputs[0])
        else:
            nodes.append(node)
    read = {tensor for node in nodes for tensor in node.inputs}
    weights = {node.inputs[1] for node in nodes if node.code in LAYERS and len(node.inputs) > 1}
    plain = {index for index, tensor in enumerate(tensors) if _data(model, tensor) is not None}
    kinds = schema().TensorType
    return Net(
        nodes=tuple(nodes),
        shapes={index: _shape(tensor) for index, tensor in enumerate(tensors)},
        names={index: _text(tensor.name) for index, tensor in enumerate(tensors)},
        constants=frozenset(plain | set(roots)),
        integers={
            index: _numbers(model, tensors[index])
            for index in plain & read
            if tensors[index].type in (kinds.INT32, kinds.INT64)
        },
        zeros={index: _zeros(model, tensors[roots.get(index, index)]) for index in weights & (plain | set(roots))},
        floats=frozenset(index for index, tensor in enumerate(tensors) if tensor.type == kinds.FLOAT32),
        ends=frozenset((*_integers(graph.inputs), *_integers(graph.outputs))),
        has_densify=bool(densified & read),
    )


def _zeros(model: Any, tensor: Any) -> tuple[int, int]:
    """The number of elements of a constant that are zero, and of all; sparse, those that it leaves out too."""
    stored = _numbers(model, tensor)
    size = int(np.prod([max(0, length) for length in _shape(tensor)], dtype=np.int64))
    return size - int(np.count_nonzero(stored)), size


def _numbers(model: Any, tensor: Any) -> Array:
    """The stored numbers of a constant; those of types that NumPy lacks are bytes, none of them zero."""
    data = _data(model, tensor)
    assert data is not None
    kinds = schema().TensorType
    names = {kinds.FLOAT32: "<f4", kinds.FLOAT16: "<f2", kinds.INT32: "<i4", kinds.INT64: "<i8", kinds.INT8: "i1"}
    if tensor.type not in names:
        return np.ones(int(np.prod(_shape(tensor), dtype=np.int64)), np.int8)
    return np.ascontiguousarray(data).view(names[tensor.type])


def _data(model: Any, tensor: Any) -> Array | None:
    data = model.buffers[tensor.buffer].data
    return None if data is None or not len(data) else np.asarray(data)


def _shape(tensor: Any) -> tuple[int, ...]:
    """The shape, with what the signature leaves free as -1."""
    fixed, free = _integers(tensor.shape), _integers(tensor.shapeSignature)
    return free if len(free) == len(fixed) and len(fixed) else fixed


def _integers(vector: Any) -> tuple[int, ...]:
    return () if vector is None else tuple(int(number) for number in np.asarray(vector))


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name or ""
