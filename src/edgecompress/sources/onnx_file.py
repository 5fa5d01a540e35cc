"""A network in an ONNX file: its graph as a module whose parameters are the file's weights."""

from pathlib import Path

import onnx_ir as ir
import torch
from onnx_ir.passes import common

from edgecompress.bundle import digest
from edgecompress.errors import InputError
from edgecompress.formats.onnx.builder import LABEL
from edgecompress.formats.onnx.canonical import SMALL
from edgecompress.formats.onnx.folding import computed, put
from edgecompress.formats.onnx.read import check_finite, converted, read_lean, to_ir
from edgecompress.formats.onnx.versions import LEAST_IR
from edgecompress.manifest import End
from edgecompress.sources.batch import settle
from edgecompress.sources.graph.module import GraphModule, written
from edgecompress.sources.model import Model, architecture, short_name

_QUANTISED = {"QuantizeLinear", "DequantizeLinear", "QLinearConv", "ConvInteger", "MatMulInteger", "QLinearMatMul"}


def onnx_file(path: Path, shapes: tuple[End, ...]) -> Model:
    """The network in ``path``.

    Args:
        path: an ONNX file of floats, of any opset that can be converted to 13.
        shapes: of its inputs, where the file leaves more than the batch free; empty: the file says all.

    Raises:
        InputError: it cannot be read, is quantised or packed already, or its inputs are not arrays of samples.
    """
    return from_graph(str(path), digest(path), read(path), shapes)


def read(path: Path) -> ir.Model:
    """The graph in ``path`` with all weights as initialisers, of opset 13 or later. Large ones are read when used.

    A weight is what a layer reads: what constant nodes make of a stored one is computed.

    Raises:
        InputError: as ``onnx_file``.
    """
    found = read_lean(path)
    if any(entry.key == LABEL for node in found.proto.graph.node for entry in node.metadata_props):
        raise InputError(f"{path} is packed already; take it apart first: edgecompress unpack {path} -o dense.onnx")
    arrays = computed(found)
    model = to_ir(converted(found))
    common.RemoveInitializersFromInputsPass()(model)
    model.ir_version = max(model.ir_version, LEAST_IR)
    common.LiftConstantsToInitializersPass(size_limit=SMALL)(model)
    put(model, arrays)
    check_finite(model)
    quantised = sorted({node.op_type for node in model.graph} & _QUANTISED)
    if quantised:
        raise InputError(f"{path} is quantised already ({', '.join(quantised)}); give the model in float32")
    return model


def from_graph(source: str, sha256: str, model: ir.Model, shapes: tuple[End, ...]) -> Model:
    """The network of a graph, whose batch is free or settled as ``batch.settle`` says.

    Raises:
        InputError: its inputs are not arrays of samples.
    """
    settled = settle(model, shapes)
    if not settled.module.sources:
        raise InputError(f"{source} has no weights; there is nothing to compress")
    return Model(
        name=short_name(source),
        source=source,
        sha256=sha256,
        module=settled.module,
        signature=settled.signature,
        trained=True,
        graph=lambda network: written(_as_graph(network)),
        architecture=architecture(model),
        why_not_run=settled.why_not_run,
        fixed=True,
        one_by_one=settled.one_by_one,
    )


def _as_graph(network: torch.nn.Module) -> GraphModule:
    assert isinstance(network, GraphModule)
    return network
