"""What an ONNX file really holds: its weights as a runtime sees them, whoever wrote the file and in whatever form."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from edgecompress.encode.ledger import Ledger, TensorEntry
from edgecompress.errors import InputError, MissingDependencyError
from edgecompress.export.onnx_graph.builder import LABEL
from edgecompress.export.onnx_graph.frontier import Constant, frontier
from edgecompress.export.onnx_graph.read import read_proto

Array = npt.NDArray[np.generic]

_NOT_WEIGHTS = {"int64", "bool", "object"}
"""Shapes, axes, flags and text: part of the graph, not weights."""


def decoded_weights(path: Path) -> dict[str, Array]:
    """Every weight of an ONNX file, decoded by onnxruntime, under the name of the value that the network reads.

    Raises:
        InputError: the file is not a valid ONNX model, or a constant in it cannot be computed.
        MissingDependencyError: onnxruntime is needed for this file and not installed.
    """
    return {constant.name: array for constant, array in _decoded(read_proto(path), path)}


def inspect_onnx(path: Path) -> Ledger:
    """The ledger of any ONNX file: everything in it but the label comes from the decoded arrays and the file's bytes.

    Raises:
        InputError: the file is not a valid ONNX model, or a constant in it cannot be computed.
        MissingDependencyError: onnxruntime is needed for this file and not installed.
    """
    proto = read_proto(path)
    entries = [
        TensorEntry.of(constant.name, array, encoding=_label(constant), stored=constant.stored)
        for constant, array in _decoded(proto, path)
    ]
    return Ledger(tensors=tuple(entries), file_bytes=_file_bytes(path))


def _decoded(model: onnx.ModelProto, path: Path) -> Iterator[tuple[Constant, Array]]:
    """The weights one after the other, so that a caller that keeps none needs memory for one."""
    for constant in frontier(model.graph):
        array = _evaluate(model, constant, path)
        if array.dtype.name not in _NOT_WEIGHTS:
            yield constant, array


def _evaluate(model: onnx.ModelProto, constant: Constant, path: Path) -> Array:
    if not constant.nodes and constant.initializers:
        return onnx.numpy_helper.to_array(constant.initializers[0])
    # The Identity is for a sparse initialiser, which onnxruntime returns expanded only from a node.
    output = onnx.helper.make_node("Identity", [constant.name], [f"{constant.name} decoded"])
    graph = onnx.GraphProto(
        name="constant", node=[*constant.nodes, output], output=[onnx.ValueInfoProto(name=output.output[0])]
    )
    graph.initializer.extend(constant.initializers)
    graph.sparse_initializer.extend(constant.sparse_initializers)
    part = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import, graph=graph)
    try:
        (array,) = _session(part.SerializeToString()).run(None, {})
    except MissingDependencyError:
        raise
    except Exception as error:  # onnxruntime raises classes of its own, without a common base
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{path}: cannot compute the constant {constant.name!r}: {reason}") from error
    return np.asarray(array)


def _session(content: bytes) -> Any:
    """A session that runs every node as it stands: optimising costs time and changes nothing here."""
    try:
        import onnxruntime  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingDependencyError(
            "reading compressed ONNX weights needs onnxruntime; install it with: pip install 'edgecompress[bench]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _label(constant: Constant) -> str:
    """The label our writer left, or the operators that make the value, or ``raw``."""
    if not constant.nodes:
        return "raw" if constant.initializers else "sparse"
    labels = [entry.value for entry in constant.nodes[-1].metadata_props if entry.key == LABEL]
    return labels[0] if labels else "+".join(dict.fromkeys(node.op_type for node in constant.nodes))


def _file_bytes(path: Path) -> int:
    """Size of the file and of the files its tensors lie in."""
    proto = onnx.load(path, load_external_data=False)
    tensors = onnx.external_data_helper._get_all_tensors(proto)
    names = {entry.value for tensor in tensors for entry in tensor.external_data if entry.key == "location"}
    return sum(file.stat().st_size for file in [path, *(path.parent / name for name in names)])
