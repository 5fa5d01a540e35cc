"""Any ONNX file made smaller without a change of what it computes: each weight in its smallest encoding.

Weights are encoded wherever they are: initialisers, Constant nodes, bodies of control flow, functions; what constant
nodes compute of them is computed first (``folding``), and equal ones are kept once. Weights that this package encoded
before are decoded, so that a file can be packed again in another mode.
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
from onnx_ir.passes import common

from edgecompress import temporary
from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.equivalence.attempts import Attempt, attempts, hint
from edgecompress.equivalence.proof import Proof, Shapes, Written
from edgecompress.errors import CheckError
from edgecompress.formats.gain import declined
from edgecompress.formats.onnx import equivalence
from edgecompress.formats.onnx.attempts import inputs, wanted
from edgecompress.formats.onnx.canonical import SMALL, drop_unread
from edgecompress.formats.onnx.decoded import Array, each_weight, file_bytes, found_in, inspect_onnx
from edgecompress.formats.onnx.equal import keep_once
from edgecompress.formats.onnx.folding import computed, is_encoded, put
from edgecompress.formats.onnx.lean import Lean
from edgecompress.formats.onnx.network import write_compressed
from edgecompress.formats.onnx.read import converted, read_lean, take_apart, to_ir
from edgecompress.formats.onnx.widened import note_widened

_SUMS_OF_PRODUCTS = {"Conv", "ConvTranspose", "Gemm", "MatMul"}
"""Operators in whose weights the sign of a zero makes no difference."""


def pack_onnx(
    source: Path, target: Path, *, encoding: Mode = "smallest", shapes: Shapes | None = None, any_gain: bool = False
) -> Written:
    """Write the smallest lossless equivalent of the model ``source`` to ``target``; what was written and proved.

    Names, inputs, outputs, metadata and operators stay. A model of an opset before 13 is converted to 13. Where nothing
    gets smaller, or by too little for what it costs (``gain``; ``any_gain`` takes it all the same), the file is written
    as it is. The new file is proved before it appears: its weights decode to those of ``source`` bit by bit, and it
    loads and computes the same in a process of its own, from random inputs, of the ``shapes`` that are given. Where
    the source itself cannot be run, the proof says so. (A weight of -0.0 that is only multiplied and summed becomes
    0.0, which changes no sum.)

    Raises:
        InputError: the source cannot be read, is damaged, its opset cannot be converted, or ``shapes`` do not fit it.
        CheckError: what was written does not hold the same weights, does not run, or computes something else.
        MissingDependencyError: onnxruntime is not installed.
    """
    size = file_bytes(source)
    known = _known(source, shapes)
    model = known.model
    keep_once(model)
    target.parent.mkdir(parents=True, exist_ok=True)
    with temporary.folder(beside=target) as folder:
        written = Path(folder) / target.name
        ledger = write_compressed(model, written, encoding)
        why = declined(ledger, size, any_gain=any_gain or known.was_packed)
        if why is not None and not (known.was_packed and encoding == "fast-load"):
            return Written(copied(source, target), None, why)
        check_identical(written, known.weights, target)
        proof = equivalence.prove(source, written, target, tries=known.tries, weights=known.bytes, hint=known.hint)
        for file in sorted(Path(folder).iterdir(), key=lambda file: file == written):  # the model after its data
            file.replace(target.with_name(file.name))
    return Written(ledger, proof)


def same(path: Path, source: Path, *, shapes: Shapes | None = None) -> tuple[Proof, int]:
    """Prove that ``path`` is a packed form of ``source``, as ``pack_onnx`` does, and count the weights compared.

    Raises:
        InputError: a file cannot be read, or ``shapes`` do not fit ``source``.
        CheckError: ``path`` does not hold the weights of ``source``, does not run, or computes something else.
        MissingDependencyError: onnxruntime is not installed.
    """
    known = _known(source, shapes)
    check_identical(path, known.weights, also=known.before, cure="it is another model")
    proof = equivalence.prove(source, path, None, tries=known.tries, weights=known.bytes, hint=known.hint)
    return proof, len(known.weights)


@dataclass(frozen=True)
class _Known:
    """The part of a source that its equal is held against.

    Attributes:
        model: its graph.
        before: what tells its weights apart, by name.
        weights: the same of what is written for them.
        was_packed: whether this package encoded any.
        tries: what to run it on.
        hint: what a user can do where it runs on none of these.
    """

    model: ir.Model
    before: dict[str, str]
    weights: dict[str, str]
    was_packed: bool
    tries: list[Attempt]
    hint: str

    @property
    def bytes(self) -> int:
        """Bytes of the graph's weights, decoded."""
        values = self.model.graph.initializers.values()
        return sum(value.const_value.nbytes for value in values if value.const_value)


def _known(source: Path, shapes: Shapes | None) -> _Known:
    read = read_lean(source)
    given = inputs(read.proto.graph)
    tries = attempts(given, shapes, wanted(read.proto.graph))
    drop_unread(read.proto.graph)  # no runtime computes it, and its weights are nobody's
    before = fingerprints(source, read)
    was_packed = any(map(is_encoded, found_in(read).constants))
    model = graph_of(read)
    del read
    weights = before | _clear_negative_zeros(model)
    return _Known(model, before, weights, was_packed, tries, hint(given, shapes))


def graph_of(read: Lean) -> ir.Model:
    """The graph of a model with all of its weights as plain initialisers, each with memory of its own."""
    arrays = computed(read)
    model = to_ir(converted(read))
    take_apart(model)
    put(model, arrays)
    note_widened(read, arrays, model)
    common.LiftConstantsToInitializersPass(size_limit=SMALL)(model)
    return model


def fingerprints(path: Path, model: Lean | None = None) -> dict[str, str]:
    """Fingerprints of the weights of an ONNX file, bit by bit, by name: the file's weights need no second copy."""
    return {name: _fingerprint(array) for name, array in each_weight(path, model)}


def _fingerprint(array: Array) -> str:
    found = hashlib.sha256(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return f"{array.dtype} {array.shape} {found.hexdigest()}"


def check_identical(
    path: Path,
    weights: dict[str, str],
    name: Path | None = None,
    *,
    also: Mapping[str, str] | None = None,
    cure: str = "keep it, and please report this model",
) -> None:
    """Make sure that ``path`` decodes to these weights, or to what they are ``also``.

    ``name``: what it is called in a line, where that is another. ``cure``: what a user can do.

    Raises:
        CheckError: a weight is missing, or is another; the line names it.
    """
    missing = dict.fromkeys(weights)
    for weight, array in each_weight(path):
        if weight in missing and _fingerprint(array) not in (weights[weight], (also or weights)[weight]):
            raise CheckError(f"{name or path}: weight '{weight}' differs from the source's; {cure}")
        missing.pop(weight, None)
    if missing:
        raise CheckError(f"{name or path}: weight '{next(iter(missing))}' is not in the file")


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


def copied(source: Path, target: Path) -> Ledger:
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
