"""Any ONNX file made smaller without a change of what it computes: each weight in its smallest encoding.

Initialisers and Constant nodes of the main graph are encoded, wherever they come from; weights that this package
encoded before are decoded first, so that a file can be packed again in another mode. What is inside the bodies of
control flow stays.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
from onnx_ir.passes import common

from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.errors import CheckError
from edgecompress.export.decoded import Array, each_weight, file_bytes, inspect_onnx
from edgecompress.export.formats.onnx import write_compressed
from edgecompress.export.onnx_graph import equivalence
from edgecompress.export.onnx_graph.builder import LABEL
from edgecompress.export.onnx_graph.lean import Lean
from edgecompress.export.onnx_graph.read import converted, read_lean, take_apart, to_ir

_MAY_BE_REPLACED = 4
"""From this IR version on, an initialiser that is an input too may be replaced at run time; before, each had to be."""

_SUMS_OF_PRODUCTS = {"Conv", "ConvTranspose", "Gemm", "MatMul"}
"""Operators in whose weights the sign of a zero makes no difference."""

_LIFTED = 16
"""Constant nodes of more elements than this hold weights."""


def pack_onnx(source: Path, target: Path, *, encoding: Mode = "smallest") -> Ledger:
    """Write the smallest lossless equivalent of the model ``source`` to ``target``; the ledger of what was written.

    Names, inputs, outputs, metadata and operators stay. A model of an opset before 13 is converted to 13. Where nothing
    gets smaller, the file is written as it is. The new file is proved before it appears: its weights decode to those of
    ``source`` bit by bit, and it loads and computes the same in a process of its own. (A weight of -0.0 that is only
    multiplied and summed becomes 0.0, which changes no sum.)

    Raises:
        InputError: the source cannot be read, is damaged, or its opset cannot be converted.
        CheckError: what was written does not hold the same weights, does not run, or computes something else.
        MissingDependencyError: onnxruntime is not installed.
    """
    size = file_bytes(source)
    read = read_lean(source)
    weights = fingerprints(source, read)
    encoded = dict(each_weight(source, read)) if _holds_encoded(read.proto) else {}
    model = to_ir(converted(read))
    take_apart(model)
    if model.ir_version < _MAY_BE_REPLACED:
        common.RemoveInitializersFromInputsPass()(model)
        model.ir_version = _MAY_BE_REPLACED
    common.LiftConstantsToInitializersPass(size_limit=_LIFTED)(model)
    decoded = _decode(model, encoded)
    del read, encoded
    cleared = _clear_negative_zeros(model)
    held = sum(value.const_value.nbytes for value in model.graph.initializers.values() if value.const_value)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        written = Path(folder) / target.name
        ledger = write_compressed(model, written, encoding)
        if not decoded and ledger.file_bytes >= size:
            return _copied(source, target)
        _check_identical(written, weights | cleared)
        equivalence.prove(source, written, target, weights=held)
        for file in sorted(Path(folder).iterdir(), key=lambda file: file == written):  # the model after its data
            file.replace(target.with_name(file.name))
    return ledger


def fingerprints(path: Path, model: Lean | None = None) -> dict[str, str]:
    """What tells the weights of an ONNX file apart, bit by bit, by name: the file's weights need no second copy."""
    return {name: _fingerprint(array) for name, array in each_weight(path, model)}


def _fingerprint(array: Array) -> str:
    found = hashlib.sha256(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return f"{array.dtype} {array.shape} {found.hexdigest()}"


def _check_identical(path: Path, weights: dict[str, str]) -> None:
    """Make sure that ``path`` decodes to these weights.

    Raises:
        CheckError: a weight is missing, or is another; the line names it.
    """
    missing = dict.fromkeys(weights)
    for name, array in each_weight(path):
        if name in missing and _fingerprint(array) != weights[name]:
            raise CheckError(
                f"{path}: weight '{name}' differs from the source's; keep it, and please report this model"
            )
        missing.pop(name, None)
    if missing:
        raise CheckError(f"{path}: weight '{next(iter(missing))}' is not in the file")


def _holds_encoded(proto: onnx.ModelProto) -> bool:
    """Whether this package encoded weights of the model."""
    return any(entry.key == LABEL for node in proto.graph.node for entry in node.metadata_props)


def _decode(model: ir.Model, weights: dict[str, Array]) -> bool:
    """Put plain initialisers in place of the weights that this package encoded; whether there were any."""
    found = False
    for node in list(model.graph):
        for output in node.outputs if LABEL in node.metadata_props else ():
            name = str(output.name)
            if name not in weights or output.is_graph_output():
                continue
            found = True
            output.name = f"{name} encoded"
            value = ir.Value(name=name, const_value=ir.Tensor(weights[name], name=name))
            model.graph.register_initializer(value)
            output.replace_all_uses_with(value)
    common.RemoveUnusedNodesPass()(model)
    return found


def _clear_negative_zeros(model: ir.Model) -> dict[str, str]:
    """Turn -0.0 into 0.0 where that changes no sum; the fingerprints of the arrays that changed.

    Masks that are multiplied leave -0.0 wherever a negative weight was pruned, PyTorch's own among them.
    """
    changed = {}
    for name, value in model.graph.initializers.items():
        tensor = value.const_value
        if tensor is None or tensor.dtype not in (ir.DataType.FLOAT, ir.DataType.FLOAT16) or value.is_graph_output():
            continue
        if not value.uses() or any(use.node.op_type not in _SUMS_OF_PRODUCTS for use in value.uses()):
            continue
        array = tensor.numpy()
        if np.any((array == 0) & np.signbit(array)):
            cleared = array + array.dtype.type(0)
            changed[name] = _fingerprint(cleared)
            value.const_value = ir.Tensor(cleared, name=name)
    return changed


def _copied(source: Path, target: Path) -> Ledger:
    """``source`` as it is, its external data with it, as ``target``."""
    proto = onnx.load(source, load_external_data=False)
    tensors = onnx.external_data_helper._get_all_tensors(proto)
    for name in {entry.value for tensor in tensors for entry in tensor.external_data if entry.key == "location"}:
        if source.parent.resolve() != target.parent.resolve():
            (target.parent / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source.parent / name, target.parent / name)
    if source.resolve() != target.resolve():
        shutil.copyfile(source, target)
    return inspect_onnx(target)
