"""An int8 file whose weights TensorFlow Lite Micro decodes while it runs: less flash, for some RAM and time."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress import record
from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.errors import CheckError, InputError
from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.attempts import text
from edgecompress.formats.tflite.inspection import inspect_tflite
from edgecompress.formats.tflite.micro import decode, huffman, lut
from edgecompress.formats.tflite.micro.huffman import Bytes, HuffmanCoded, Integers
from edgecompress.formats.tflite.micro.lut import LutCoded
from edgecompress.formats.tflite.micro.split import split_layers
from edgecompress.formats.tflite.schema import schema

# Operators and their input that may be what another operator makes: their kernels read it when they run.
_WEIGHTS = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1, "TRANSPOSE_CONV": 1}
# What an operator, its two tensors more and their buffers add to a file. Measured.
_OPERATOR_BYTES = 200
# Metadata of TensorFlow Lite Micro: a memory plan, and an older form of compressed weights.
_BY_NUMBER = (b"OfflineMemoryAllocation", b"COMPRESSION_METADATA")
_VECTORS = ("inputs", "outputs", "intermediates")
_NONE = -1  # an input that an operator does without


def write_decoding(source: Path, target: Path, *, encoding: Mode = "smallest", largest: int | None = None) -> Ledger:
    """Write the int8 file ``source`` with coded weights, each decoded by a DECODE before the operator that reads it.

    Only TensorFlow Lite Micro has the operator. What the file computes is the same bit by bit. A weight is decoded into
    RAM that is free again after its operator.

    Args:
        source: a TFLite file with int8 weights.
        target: the file to write.
        encoding: ``smallest``: a prefix code or a look-up table, whatever takes fewer bytes; ``fast-load``: look-up
            tables alone, which take less time to decode.
        largest: bytes of a weight that may be decoded at once. Layers with more are cut into parts, and stay as they
            are where that cannot be. ``None``: all may be.

    Returns:
        The ledger of what was written: ``source`` as it is, where nothing gets smaller.

    Raises:
        InputError: ``source`` cannot be read, is not TFLite, is damaged, or has data that go by tensors' numbers.
        CheckError: a code is not that of its weights.
    """
    data, model = model_file.parse(source)
    for entry in model.metadata or []:
        if entry.name in _BY_NUMBER:
            raise InputError(
                f"{source} has the entry {text(entry.name)}, which goes by the numbers of tensors, and these change: "
                "pack the file before that is made"
            )
    with model_file.damage(source):
        for graph in model.subgraphs:
            if largest is not None:
                split_layers(model, graph, largest)
            _rewrite(model, graph, encoding, largest)
        _drop_unread(model)
    file = model_file.serialize(model)
    record.write_atomically(target, file if len(file) < len(data) else data)
    return inspect_tflite(target)


def decoded_sizes(ledger: Ledger) -> list[int]:
    """The bytes that each coded weight of a file takes in RAM, decoded."""
    return [
        tensor.elements * np.dtype(tensor.dtype).itemsize
        for tensor in ledger.tensors
        if tensor.encoding.startswith(decode.FORMS)
    ]


def least_bytes(path: Path) -> int:
    """A bound of the bytes of a plain int8 file after its weights are coded, whatever they become: a bit a weight."""
    weights = [tensor.elements for tensor in inspect_tflite(path).tensors if tensor.encoding == "int8"]
    return path.stat().st_size - sum(weights) * 7 // 8


def _rewrite(model: Any, graph: Any, encoding: Mode, largest: int | None) -> None:
    """Code the weights of a subgraph that get smaller, and put the operators that decode them into it."""
    readers = _readers(model, graph)
    before: dict[int, list[Any]] = defaultdict(list)
    for index, places in readers.items():
        tensor = graph.tensors[index]
        weights = np.asarray(model.buffers[tensor.buffer].data, np.uint8).view(np.int8)
        if largest is not None and weights.nbytes > largest:
            continue
        coded = _coded(weights, encoding)
        if coded is None or coded.nbytes + _OPERATOR_BYTES * len(places) >= weights.nbytes:
            continue
        codes, header = coded.codes if isinstance(coded, HuffmanCoded) else coded.indices, decode.ancillary(coded)
        again = decode.decoded(codes, header, weights.shape, weights.dtype, decode.WeightChannels())
        if not np.array_equal(again, weights):
            raise CheckError(f"the code of '{text(tensor.name)}' is not that of its weights; please report this model")
        made = [_tensor(graph, shape=tensor.shape, type=tensor.type, quantization=tensor.quantization) for _ in places]
        _become(model, tensor, codes)
        tables = _tensor(graph)
        _become(model, graph.tensors[tables], header)
        for place, result in zip(places, made, strict=True):
            operator = graph.operators[place]
            inputs = np.array(operator.inputs, np.int32)
            inputs[inputs == index] = result
            operator.inputs = inputs
            before[place].append(_operator(model, (index, tables), result))
    graph.operators = [
        each for place, operator in enumerate(graph.operators) for each in (*before.get(place, ()), operator)
    ]


def _readers(model: Any, graph: Any) -> dict[int, list[int]]:
    """The int8 weights of a subgraph, by tensor, with the places of the operators that read them; no others do."""
    found: dict[int, list[int]] = defaultdict(list)
    other = {int(end) for end in [*graph.inputs, *graph.outputs]}
    for place, operator in enumerate(graph.operators):
        weights = _WEIGHTS.get(model_file.operator_name(model, operator))
        for position, index in enumerate(operator.inputs if _has(operator, "inputs") else []):
            if position == weights:
                found[int(index)].append(place)
            else:
                other.add(int(index))
    return {index: places for index, places in found.items() if index not in other and _is_weight(model, graph, index)}


def _is_weight(model: Any, graph: Any, index: int) -> bool:
    tensor = graph.tensors[index]
    data = model.buffers[tensor.buffer].data
    return tensor.type == schema().TensorType.INT8 and tensor.sparsity is None and data is not None and len(data) > 0


def _coded(weights: Integers, encoding: Mode) -> LutCoded | HuffmanCoded | None:
    """The form of the fewest bytes that ``encoding`` allows."""
    forms = [lut.encode(weights), huffman.encode(weights) if encoding == "smallest" else None]
    return min((each for each in forms if each is not None), key=lambda each: each.nbytes, default=None)


def _tensor(graph: Any, **fields: Any) -> int:
    """Add a tensor without a name, which takes room and which nothing asks for; its place."""
    graph.tensors.append(schema().TensorT(**fields))
    return len(graph.tensors) - 1


def _become(model: Any, tensor: Any, content: Bytes) -> None:
    """Make ``tensor`` the constant of these bytes; equal ones are there once."""
    s: Any = schema()
    same = [place for place, each in enumerate(model.buffers) if each.data is not None and _is(each.data, content)]
    if not same:
        model.buffers.append(s.BufferT(data=content))
        same = [len(model.buffers) - 1]
    tensor.shape, tensor.type, tensor.quantization = [len(content)], s.TensorType.UINT8, None
    tensor.buffer = same[0]


def _is(data: Any, content: Bytes) -> bool:
    return len(data) == len(content) and np.array_equal(np.asarray(data, np.uint8), content)


def _operator(model: Any, given: tuple[int, int], made: int) -> Any:
    s: Any = schema()
    name = decode.OPERATOR.encode()
    known = [place for place, code in enumerate(model.operatorCodes) if code.customCode == name]
    if not known:
        custom = s.BuiltinOperator.CUSTOM
        code = s.OperatorCodeT(deprecatedBuiltinCode=custom, builtinCode=custom, customCode=name, version=1)
        model.operatorCodes.append(code)
        known = [len(model.operatorCodes) - 1]
    return s.OperatorT(opcodeIndex=known[0], inputs=list(given), outputs=[made])


def _has(holder: Any, vector: str) -> bool:
    """Return whether an operator or a subgraph has a vector of tensors; an empty one may be absent."""
    return getattr(holder, vector, None) is not None


def _drop_unread(model: Any) -> None:
    """Take out tensors that no operator has any more, which the runtime would find room for, and their data."""
    for number, graph in enumerate(model.subgraphs):
        holders = [(each, name) for each in (graph, *graph.operators) for name in _VECTORS if _has(each, name)]
        used = {int(place) for each, name in holders for place in getattr(each, name)}
        kept = sorted(used - {_NONE})
        places = dict(zip(kept, range(len(kept)), strict=True)) | {_NONE: _NONE}
        graph.tensors = [graph.tensors[index] for index in kept]
        for each, name in holders:
            setattr(each, name, [places[int(index)] for index in getattr(each, name)])
        for signature in [each for each in model.signatureDefs or [] if each.subgraphIndex == number]:
            for end in (*signature.inputs, *signature.outputs):
                end.tensorIndex = places[int(end.tensorIndex)]
    read = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    read |= {entry.buffer for entry in model.metadata or []}
    for place, buffer in enumerate(model.buffers):
        if place not in read:
            buffer.data = None
