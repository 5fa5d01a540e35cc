"""The decoded weights of an ONNX file: as a runtime sees them, whoever wrote the file and in whatever form."""

from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from edgecompress.agent.engines import onnxruntime_engine
from edgecompress.agent.errors import JobError
from edgecompress.encode.ledger import Ledger, TensorEntry
from edgecompress.errors import InputError, MissingDependencyError
from edgecompress.formats.onnx import lean
from edgecompress.formats.onnx.bounds import largest
from edgecompress.formats.onnx.builder import LABEL
from edgecompress.formats.onnx.frontier import Frontier, FrontierConstant, frontier
from edgecompress.formats.onnx.lean import Lean
from edgecompress.formats.onnx.read import read_lean, readable

Array = npt.NDArray[np.generic]

_NOT_WEIGHTS = {"int64", "bool", "object"}
"""Shapes, axes, flags and text: part of the graph, not weights."""


MOST_BYTES, MOST_TIMES = 2**28, 128
"""Bytes of an array that is computed from constants: so many, and as many times the file's. A file of a few bytes can
ask for terabytes."""


def decoded_weights(path: Path) -> dict[str, Array]:
    """Every weight of an ONNX file, decoded by onnxruntime, under the name of the value that the network reads.

    Raises:
        InputError: the file is not a valid ONNX model, or a constant in it cannot be computed.
        MissingDependencyError: onnxruntime is needed for this file and not installed.
    """
    return dict(each_weight(path))


def each_weight(path: Path, model: Lean | None = None) -> Iterator[tuple[str, Array]]:
    """``decoded_weights`` one after the other, so that a caller who keeps none needs memory for few.

    ``model`` is the model in the file, if it is read already.

    Raises:
        InputError, MissingDependencyError: as ``decoded_weights``.
    """
    model = model or read_lean(path)
    for constant, array in decode(model, found_in(model).constants):
        yield constant.name, array


def inspect_onnx(path: Path) -> Ledger:
    """The ledger of any ONNX file: everything in it but the label comes from the decoded arrays and the file's bytes.

    What several weights are decoded from is divided among them by their entropy bounds.

    Raises:
        InputError: the file is not a valid ONNX model, or a constant in it cannot be computed.
        MissingDependencyError: onnxruntime is needed for this file and not installed.
    """
    size = file_bytes(path)
    model = read_lean(path)
    found = found_in(model)
    entries = {
        constant.name: TensorEntry.of(constant.name, array, encoding=_label(constant), stored=constant.own)
        for constant, array in decode(model, found.constants)
    }
    ordered = [entries[constant.name] for constant in found.constants if constant.name in entries]
    return Ledger(tensors=_with_shares(ordered, found.shared), file_bytes=size)


def _with_shares(entries: list[TensorEntry], shared: Mapping[tuple[str, ...], int]) -> tuple[TensorEntry, ...]:
    """The entries with their parts of what they share; what only shapes and axes share is left to the graph."""
    by_name = {entry.name: entry for entry in entries}
    added = dict.fromkeys(by_name, 0)
    for names, size in shared.items():
        users = [by_name[name] for name in names if name in by_name]
        total, given, weight = sum(entry.entropy_bytes for entry in users), 0, 0
        for number, entry in enumerate(users, 1):
            weight += entry.entropy_bytes
            upto = size * weight // total if total else size * number // len(users)
            added[entry.name] += upto - given
            given = upto
    return tuple(entry.model_copy(update={"bytes": entry.bytes + added[entry.name]}) for entry in entries)


def found_in(model: Lean) -> Frontier:
    """The constants of a model, with the bytes that its file spends on each."""
    without = {name: place.dtype.itemsize * prod(place.shape) for name, place in model.places.items()}
    return frontier(model.proto.graph, without)


def decode(model: Lean, wanted: list[FrontierConstant]) -> Iterator[tuple[FrontierConstant, Array]]:
    """Those of ``wanted`` that are weights, one after the other.

    Only those that share nodes are computed together: a caller that keeps none needs memory for few.

    Raises:
        InputError, MissingDependencyError: as ``decoded_weights``.
    """
    for constants in _connected(wanted):
        for constant, array in zip(constants, _evaluate(model, constants), strict=True):
            if array.dtype.name not in _NOT_WEIGHTS:
                yield constant, array


def _connected(constants: list[FrontierConstant]) -> list[list[FrontierConstant]]:
    """The constants in groups that share no node."""
    groups: dict[int, list[FrontierConstant]] = {}
    home: dict[str, int] = {}  # of each node's first output, the group
    for number, constant in enumerate(constants):
        groups[number] = [constant]
        for name in [node.output[0] for node in constant.nodes]:
            other = home.get(name, number)
            if other != number:
                groups[number] = groups.pop(other) + groups[number]
                home.update(dict.fromkeys((n.output[0] for each in groups[number] for n in each.nodes), number))
            home[name] = number
    return list(groups.values())


def _evaluate(model: Lean, constants: list[FrontierConstant]) -> Iterator[Array]:
    """The arrays of constants, in one run."""
    if not any(constant.nodes or constant.sparse_initializers for constant in constants):
        yield from (model.array(constant.initializers[0]) for constant in constants)
        return
    proto = model.proto
    needed = {node.output[0] for constant in constants for node in constant.nodes}
    dense = {tensor.name: model.whole(tensor) for constant in constants for tensor in constant.initializers}
    sparse = {tensor.values.name: tensor for constant in constants for tensor in constant.sparse_initializers}
    graph = onnx.GraphProto(name="constants", initializer=dense.values(), sparse_initializer=sparse.values())
    graph.node.extend(node for node in proto.graph.node if node.output and node.output[0] in needed)
    for constant in constants:
        output = constant.name
        if not constant.nodes:  # a sparse initialiser, which onnxruntime returns expanded only from a node
            output = f"{constant.name} decoded"
            graph.node.append(onnx.helper.make_node("Identity", [constant.name], [output]))
        graph.output.append(onnx.ValueInfoProto(name=output))
    part = onnx.ModelProto(ir_version=proto.ir_version, opset_import=proto.opset_import, graph=graph)
    names = ", ".join(repr(constant.name) for constant in constants[:3])
    size = largest(part)
    if size > MOST_BYTES + MOST_TIMES * model.path.stat().st_size:
        raise InputError(f"{model.path}: to compute the constant {names} takes {size:,} bytes; is the file damaged?")
    try:
        arrays = _session(part.SerializeToString()).run(None, {})
    except MissingDependencyError:
        raise
    except Exception as error:  # onnxruntime raises classes of its own, without a common base
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{model.path}: cannot compute the constant {names}: {reason}") from error
    while arrays:
        yield np.asarray(arrays.pop(0))


def _session(content: bytes) -> Any:
    """A session that runs every node as it stands: optimising costs time and changes nothing here."""
    try:
        return onnxruntime_engine.session(content, optimise=False, arena=False)
    except JobError as error:
        raise MissingDependencyError(
            "reading compressed ONNX weights needs onnxruntime; install it with: pip install 'edgecompress[bench]'"
        ) from error


def _label(constant: FrontierConstant) -> str:
    """The label our writer left and the operators behind it, or the operators that make the value, or ``raw``."""
    if not constant.nodes:
        return "raw" if constant.initializers else "sparse"
    steps: list[str] = []
    for node in constant.nodes:
        labels = [entry.value for entry in node.metadata_props if entry.key == LABEL]
        steps = labels or [*steps, node.op_type]
    return "+".join(dict.fromkeys(steps))


def file_bytes(path: Path) -> int:
    """Size of the file and of the files its tensors lie in.

    Raises:
        InputError: one of them cannot be read, or the file is no ONNX model.
    """
    with readable(path):
        proto = lean.read(path).proto
        tensors = onnx.external_data_helper._get_all_tensors(proto)
        names = {entry.value for tensor in tensors for entry in tensor.external_data if entry.key == "location"}
        return sum(file.stat().st_size for file in [path, *(path.parent / name for name in names)])
