"""ONNX: weights are decoded by stock operators that a runtime folds once, when it loads the file."""

from pathlib import Path

import onnx_ir as ir

from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.errors import InputError
from edgecompress.export.decoded import inspect_onnx
from edgecompress.export.onnx_graph.compress import LEAST_OPSET, compress_weights
from edgecompress.export.onnx_graph.read import check_finite
from edgecompress.record import write_atomically

_LIMIT = 2**31 - 1


def onnx(model: ir.Model, path: Path, *, compress: bool, encoding: Mode = "smallest") -> Ledger:
    """Write ``model`` as an ONNX file; with ``compress``, each weight in the smallest encoding that holds it exactly.

    The opset stays as it is. Weights keep their names: the decoded value has the name that the initialiser had.

    Raises:
        InputError: weights are NaN or infinite, the opset is below 11, or the weights exceed the 2 GiB of an ONNX file.
    """
    check_finite(model)
    opset = model.opset_imports.get("", 0)
    if compress and opset < LEAST_OPSET:
        raise InputError(
            f"the model is of ONNX opset {opset}; convert it to opset {LEAST_OPSET} or later (18 is usual)"
        )
    written = model.clone()
    for value in written.graph.initializers.values():
        # A tensor says its own type and shape; onnx-ir would write them a second time.
        if not value.is_graph_input() and not value.is_graph_output():
            value.type = value.shape = None
    notes = compress_weights(written, encoding) if compress else {}
    data = sum(value.const_value.nbytes for value in written.graph.initializers.values() if value.const_value)
    if data > _LIMIT:
        raise InputError(f"the weights would take {data} bytes in one ONNX file, beyond the format's limit of 2 GiB")
    content = ir.to_proto(written).SerializeToString(deterministic=True)
    write_atomically(path, content)
    ledger = inspect_onnx(path)
    tensors = tuple(tensor.model_copy(update={"note": notes.get(tensor.name, "")}) for tensor in ledger.tensors)
    return ledger.model_copy(update={"tensors": tensors})
