"""The weights of any TFLite model: what operators read as float32, whatever constants and operators make it."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgecompress.formats.tflite.consumers import ReadingOperator, use
from edgecompress.formats.tflite.equal import content
from edgecompress.formats.tflite.model_file import operator_name
from edgecompress.formats.tflite.schema import schema

_DECODERS = ("DENSIFY", "DEQUANTIZE")
_BIAS = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}


@dataclass(frozen=True)
class OperatorInput:
    """An operator, by its place in the subgraph, and the input at which it reads a tensor."""

    operator: int
    position: int


@dataclass(frozen=True)
class Weight:
    """A constant tensor of one subgraph and what is made of it.

    ``root`` is the constant; each of ``decoders`` (places of operators) makes the next of ``made``; the last of those,
    or ``root``, is what ``readers`` read in the ways of ``readings``. ``aliases`` are weights that share its buffer, or
    have one with the same bytes: their readers are among its own. ``copies`` are these buffers, without its own.
    """

    subgraph: int
    root: int
    decoders: tuple[int, ...]
    made: tuple[int, ...]
    readers: tuple[OperatorInput, ...]
    readings: tuple[ReadingOperator, ...]
    aliases: tuple["Weight", ...] = ()
    copies: tuple[int, ...] = ()


def weights(model: Any) -> list[Weight]:
    """Every constant that operators read as float32, in file order; what is equal bit by bit is one weight.

    Only subgraphs that a caller runs are searched, the first and those with a signature: bodies of loops and branches
    are run by other operators, under rules of their own. A constant that is an input or an output of its subgraph is
    left out, and so is one that several decoders read, or whose buffer something else reads too.

    Raises:
        LookupError, TypeError, AttributeError: the tables do not fit each other.
    """
    called = {0, *(signature.subgraphIndex for signature in model.signatureDefs or [])}
    by_buffer: dict[int, list[tuple[Weight, tuple[Any, ...]]]] = defaultdict(list)
    for number in sorted(called):
        graph = _Subgraph(model, number)
        for index, tensor in enumerate(graph.tensors):
            weight = graph.weight(index)
            if weight is not None:
                by_buffer[tensor.buffer].append((weight, (number, *_kind(tensor))))
    uses = Counter(tensor.buffer for graph in model.subgraphs for tensor in graph.tensors or [])
    uses.update(entry.buffer for entry in model.metadata or [])
    equal: dict[tuple[Any, ...], list[tuple[int, list[Weight]]]] = defaultdict(list)
    for buffer, found in by_buffer.items():
        if uses[buffer] == len(found) and all(kind == found[0][1] for _, kind in found):
            # The data of a sparse tensor are not all that it holds: it is like no other.
            is_sparse = found[0][1][-1] is not None
            same = None if is_sparse else content(np.asarray(model.buffers[buffer].data))
            allowed = use([reading for weight, _ in found for reading in weight.readings])
            key = (*map(repr, found[0][1][:-1]), repr(allowed), buffer if same is None else same)
            equal[key].append((buffer, [weight for weight, _ in found]))
    return [
        replace(_merged([each for _, same in groups for each in same]), copies=tuple(place for place, _ in groups[1:]))
        for groups in equal.values()
    ]


def _kind(tensor: Any) -> tuple[Any, ...]:
    """The key that is equal where one buffer means the same in two tensors. A sparse tensor is like no other."""
    quantization = tensor.quantization
    scales = [] if quantization is None or quantization.scale is None else list(quantization.scale)
    return tensor.type, _integers(tensor.shape), scales, tensor.sparsity


def _merged(found: list[Weight]) -> Weight:
    """The first weight with the readers of all."""
    readers = tuple(reader for weight in found for reader in weight.readers)
    readings = tuple(reading for weight in found for reading in weight.readings)
    return replace(found[0], readers=readers, readings=readings, aliases=tuple(found[1:]))


class _Subgraph:
    """One subgraph and who reads what in it."""

    def __init__(self, model: Any, number: int) -> None:
        self._model, self._number = model, number
        graph = model.subgraphs[number]
        self.tensors = graph.tensors or []
        self._operators = graph.operators or []
        self._names = [operator_name(model, operator) for operator in self._operators]
        self._ends = {int(end) for ends in (graph.inputs, graph.outputs) for end in _integers(ends)}
        self._readers: dict[int, list[OperatorInput]] = defaultdict(list)
        self._makers: dict[int, int] = {}
        for place, operator in enumerate(self._operators):
            for position, tensor in enumerate(_integers(operator.inputs)):
                self._readers[tensor].append(OperatorInput(place, position))
            self._makers |= dict.fromkeys(_integers(operator.outputs), place)

    def weight(self, index: int) -> Weight | None:
        """The weight whose constant is tensor ``index``; None where it is none."""
        if not self._is_constant(index) or index in self._makers or self.tensors[index].isVariable:
            return None
        decoders: list[int] = []
        made: list[int] = []
        final = index
        while len(decoders) < len(_DECODERS) and len(self._readers[final]) == 1:
            place = self._readers[final][0].operator
            if self._names[place] not in _DECODERS or final in self._ends:
                break
            decoders.append(place)
            final = _integers(self._operators[place].outputs)[0]
            made.append(final)
        readers = self._readers[final]
        is_float = self.tensors[final].type == schema().TensorType.FLOAT32
        if not is_float or final in self._ends or not readers:
            return None
        if any(self._names[reader.operator] in _DECODERS for reader in readers):
            return None
        readings = tuple(self._reading(reader) for reader in readers)
        return Weight(self._number, index, tuple(decoders), tuple(made), tuple(readers), readings)

    def _reading(self, reader: OperatorInput) -> ReadingOperator:
        operator, name = self._operators[reader.operator], self._names[reader.operator]
        options = operator.builtinOptions
        inputs = _integers(operator.inputs)
        bias = inputs[_BIAS[name]] if name in _BIAS and len(inputs) > _BIAS[name] else -1
        return ReadingOperator(
            code=name,
            position=reader.position,
            activation=getattr(options, "fusedActivationFunction", 0),
            constant_bias=bias < 0 or self._is_decoded_constant(bias),
            default_weights=getattr(options, "weightsFormat", 0) == 0,
        )

    def _is_constant(self, index: int) -> bool:
        data = self._model.buffers[self.tensors[index].buffer].data
        return data is not None and len(data) > 0

    def _is_decoded_constant(self, index: int) -> bool:
        """Return whether a tensor is a constant, or one decoding operator makes it from one."""
        if self._is_constant(index):
            return True
        place = self._makers.get(index)
        if place is None or self._names[place] not in _DECODERS:
            return False
        return self._is_constant(_integers(self._operators[place].inputs)[0])


def _integers(vector: Any) -> list[int]:
    """A vector of the object tree as Python integers; empty where it is absent."""
    return [] if vector is None else [int(number) for number in np.asarray(vector)]
