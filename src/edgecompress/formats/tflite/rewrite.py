"""Weights of a model's object tree stored in other forms, with the operators that decode them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from edgecompress.formats.tflite import tables
from edgecompress.formats.tflite.survey import Weight
from edgecompress.formats.tflite.weights import Stored


def rewrite(model: Any, changes: Iterable[tuple[Weight, Stored]]) -> None:
    """Store each weight of ``model`` (a ``ModelT``, changed in place) in its new form.

    The constant keeps its place, its name and its buffer. Tensors that the old operators made are used again; new ones
    come last, so no tensor changes its number. What is left over is not read, and has no data.
    """
    by_subgraph: dict[int, list[tuple[Weight, Stored]]] = defaultdict(list)
    for weight, stored in changes:
        by_subgraph[weight.subgraph].append((weight, stored))
    for number, of_subgraph in by_subgraph.items():
        _rewrite_subgraph(model, model.subgraphs[number], of_subgraph)


def _rewrite_subgraph(model: Any, graph: Any, changes: list[tuple[Weight, Stored]]) -> None:
    operators = graph.operators
    names = {_name(tensor) for tensor in graph.tensors}
    dropped: set[int] = set()
    before: dict[int, list[Any]] = defaultdict(list)
    for weight, stored in changes:
        dropped.update(weight.decoders)
        for alias in weight.aliases:
            dropped.update(alias.decoders)
            graph.tensors[alias.root].buffer = 0
        for copy in weight.copies:
            model.buffers[copy].data = None
        first = min(reader.operator for reader in weight.readers)
        made = _store(graph, weight, stored, names)
        given = weight.root
        for step, result in zip(stored.steps, made, strict=True):
            opcode = _opcode(model, step, tables.step_version(stored, step))
            before[first].append(tables.step_operator(step, opcode, given, result))
            given = result
        for reader in weight.readers:
            inputs = np.array(operators[reader.operator].inputs, np.int32)
            inputs[reader.position] = given
            operators[reader.operator].inputs = inputs
        model.buffers[graph.tensors[weight.root].buffer].data = stored.values
    graph.operators = [
        each
        for place, operator in enumerate(operators)
        for each in (*before[place], *(() if place in dropped else (operator,)))
    ]


def _store(graph: Any, weight: Weight, stored: Stored, names: set[bytes]) -> list[int]:
    """Make the constant's tensor and those of its decoding; the latter's places, in order."""
    tensors = graph.tensors
    old = tensors[weight.root]
    shape = tuple(int(size) for size in old.shape)
    tensors[weight.root] = tables.weight_tensor(_name(old), shape, stored, old.buffer)
    places: list[int] = []
    for step in stored.steps:
        is_last = len(places) == len(stored.steps) - 1
        reusable = weight.made[-1:] if is_last else weight.made[:-1]
        name = _name(tensors[reusable[0]]) if reusable else _unique(_name(old) + tables.SUFFIXES[step].encode(), names)
        tensor = tables.decoded_tensor(name, shape, stored, step)
        if reusable:
            tensors[reusable[0]] = tensor
        else:
            tensors.append(tensor)
        places.append(reusable[0] if reusable else len(tensors) - 1)
    return places


def _opcode(model: Any, step: str, version: int) -> int:
    """The place of an operator code, which is added where the model does not have it."""
    wanted = tables.operator_code(step, version)
    for place, code in enumerate(model.operatorCodes):
        number = max(code.builtinCode, code.deprecatedBuiltinCode)
        if (number, code.version) == (wanted.builtinCode, version):
            return place
    model.operatorCodes.append(wanted)
    return len(model.operatorCodes) - 1


def _name(tensor: Any) -> bytes:
    name = tensor.name or b""
    return name if isinstance(name, bytes) else name.encode()


def _unique(name: bytes, names: set[bytes]) -> bytes:
    """``name``, with a number where another tensor has it."""
    candidate, number = name, 1
    while candidate in names:
        number += 1
        candidate = name + f"/{number}".encode()
    names.add(candidate)
    return candidate
