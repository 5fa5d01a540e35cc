"""ONNX: weights are decoded by stock operators that a runtime folds once, when it loads the file."""

from pathlib import Path

import onnx_ir as ir

from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.errors import InputError
from edgecompress.formats.onnx import versions
from edgecompress.formats.onnx.compress import LEAST_OPSET, compress_weights
from edgecompress.formats.onnx.decoded import inspect_onnx
from edgecompress.formats.onnx.decoders.numbers import BITWISE_AND
from edgecompress.formats.onnx.read import check_finite
from edgecompress.formats.onnx.write import write
from edgecompress.heap import trim_heap


def write_onnx(model: ir.Model, path: Path, *, compress: bool, encoding: Mode = "smallest") -> Ledger:
    """Write ``model`` as an ONNX file; with ``compress``, each weight in the smallest encoding that holds it exactly.

    The opset and the IR version stated are no later than the operators need, so that old runtimes load the file.
    Weights keep their names: the decoded value has the name that the initialiser had. What exceeds the 2 GiB of one
    file goes to a second one beside it.

    Raises:
        InputError: weights are NaN or infinite, or the opset is below 13.
    """
    written = _bare(model)
    opset = model.opset_imports.get("", 0)
    if compress and opset < LEAST_OPSET:
        raise InputError(
            f"the model is of ONNX opset {opset}; convert it to opset {LEAST_OPSET} or later (18 is usual)"
        )
    return write_compressed(written, path, encoding) if compress else _write(written, path, {})


def compressed_bytes(model: ir.Model, encoding: Mode) -> int:
    """The size of the file that ``write_onnx`` makes of ``model`` with ``compress``, without writing or reading one.

    Raises:
        InputError: weights are NaN or infinite.
    """
    counted = _bare(model)
    compress_weights(counted, encoding)
    _untyped(counted)
    return int(ir.to_proto(counted).ByteSize())


def _bare(model: ir.Model) -> ir.Model:
    """A copy without what a runtime infers: the types and shapes between operators."""
    check_finite(model)
    bare = model.clone()
    for value in (output for node in bare.graph for output in node.outputs if not output.is_graph_output()):
        value.type = value.shape = None
    return bare


def write_compressed(model: ir.Model, path: Path, encoding: Mode) -> Ledger:
    """Encode the weights of ``model``, of opset 13 or later, in place, and write it; the ledger of the file."""
    versions.lower(model, least=BITWISE_AND)  # from there on decoders are faster
    notes = compress_weights(model, encoding)
    trim_heap()
    return _write(model, path, notes)


def _write(model: ir.Model, path: Path, notes: dict[str, str]) -> Ledger:
    _untyped(model)
    versions.lower(model)
    write(model, path)
    ledger = inspect_onnx(path)
    tensors = tuple(tensor.model_copy(update={"note": notes.get(tensor.name, "")}) for tensor in ledger.tensors)
    return ledger.model_copy(update={"tensors": tensors})


def _untyped(model: ir.Model) -> None:
    """Leave out what onnx-ir would write a second time: a tensor says its own type and shape."""
    for value in model.graph.initializers.values():
        if not value.is_graph_input() and not value.is_graph_output():
            value.type = value.shape = None
