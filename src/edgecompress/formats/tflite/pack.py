"""Any .tflite file made smaller without a change of what it computes: each weight in its smallest exact form.

Weights are what operators read as float32, stored as float32, float16 or int8, plain or sparse, by any writer. Only
they change, and the DENSIFY and DEQUANTIZE operators that decode them. Quantised tensors that operators read as
integers stay, sparse ones too: XNNPACK refuses a DENSIFY of int8 that no DEQUANTIZE follows.
"""

from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edgecompress import record
from edgecompress.equivalence.attempts import attempts, hint
from edgecompress.equivalence.proof import Proof, Shapes, Written
from edgecompress.errors import CheckError
from edgecompress.formats.gain import declined
from edgecompress.formats.tflite import appended, equivalence, model_file, reader
from edgecompress.formats.tflite.attempts import inputs
from edgecompress.formats.tflite.consumers import sums_products, use
from edgecompress.formats.tflite.graph import FloatArray
from edgecompress.formats.tflite.inspection import inspect_tflite, ledger, stored_bytes
from edgecompress.formats.tflite.reader import Constant
from edgecompress.formats.tflite.rewrite import rewrite
from edgecompress.formats.tflite.sparse_inference.emulated import SparseInferenceError
from edgecompress.formats.tflite.sparse_inference.guard import guard_model
from edgecompress.formats.tflite.sparse_inference.verdict import SparseInference, judge_model, remark
from edgecompress.formats.tflite.survey import Weight, weights
from edgecompress.formats.tflite.weights import Encoding, Stored, choose

# What is tried until a file is right on every processor: its smallest form; with the guard; without sparse weights.
Caution = Literal["none", "guarded", "dense"]
_ALIGNMENT = 64  # bytes: what is stored in an archive can be mapped like a buffer of the model
_CAUTIONS: tuple[Caution, ...] = ("none", "guarded", "dense")
# What XNNPACK reads as it is stored, though a DEQUANTIZE stands behind it; in any other form outputs move. Measured.
_COMPUTED_WITH = ("int4", "int2")
_WRONG = "on processors without AVX, as all of Arm are, LiteRT's would compute wrong numbers in this graph"


def pack_tflite(
    source: Path, target: Path, *, encoding: Encoding = "smallest", shapes: Shapes | None = None, any_gain: bool = False
) -> Written:
    """Write the smallest lossless equivalent of the model ``source`` to ``target``; what was written and proved.

    Names, signatures, metadata (a zip archive behind the model too), operators and their order stay; a weight stays
    that would not be smaller, and equal ones are kept once, under the first's name. Where nothing gets smaller, or by
    too little for what it costs (``gain``; ``any_gain`` takes it all the same), the file is written as it is.
    ``encoding`` ``fast-load`` uses only what runtimes decode fastest. The new file is proved before it appears: its
    weights are those of ``source`` bit by bit, and it loads and computes the same bits in processes of its own, from
    random inputs, of the ``shapes`` that are given. Where the source itself cannot be run, the proof says so. (A weight
    of -0.0 that is only multiplied and summed may become 0.0.)

    On processors without AVX LiteRT has other kernels for sparse weights. Where they would compute wrong numbers, the
    padding of the first convolution is written in the form that keeps them off, and where that does not help no weight
    is sparse; the ledger's remarks say so. A source that is wrong there already is mended, smaller or not.

    Raises:
        InputError: the source cannot be read, is damaged, is larger than 2 GiB, or ``shapes`` do not fit it.
        CheckError: the file written does not hold the same weights, does not run, or computes something else.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    with model_file.parsed(source) as model, model_file.damage(source):
        given = inputs(model)
        is_wrong = judge_model(model).state == "unsafe"
    tries, help_ = attempts(given, shapes), hint(given, shapes)
    for caution in _CAUTIONS:
        made = _made(source, encoding, caution)
        if made.verdict.state == "unsafe" and caution != _CAUTIONS[-1]:
            continue
        if made.is_source:
            return _copied(source, target, "", made)
        written = ledger(made.file, str(target), made.notes)
        # One that is wrong on some processors is mended, whatever that gains.
        why = None if is_wrong else declined(written, source.stat().st_size, any_gain=any_gain)
        if why is not None:
            return _copied(source, target, why)
        _check(made.file, made.changes, target)
        try:
            proof, verdict = equivalence.prove(source, made.file, target, tries=tries, hint=help_)
        except SparseInferenceError:
            if caution == _CAUTIONS[-1]:
                raise
            continue
        break
    record.write_atomically(target, made.file)
    return Written(written.model_copy(update={"remarks": made.proved(verdict).remarks}), proof)


def same(path: Path, source: Path, *, shapes: Shapes | None = None) -> Proof:
    """Prove the outputs of ``path`` against those of ``source``, as ``pack_tflite`` does for a file that it wrote.

    Raises:
        InputError: a file cannot be read, or ``shapes`` do not fit ``source``.
        CheckError: ``path`` does not run, or computes something else.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    with model_file.parsed(source) as model, model_file.damage(source):
        given = inputs(model)
    tries, help_ = attempts(given, shapes), hint(given, shapes)
    return equivalence.prove(source, reader.read(path), path, tries=tries, hint=help_, given=True)[0]


def _copied(source: Path, target: Path, why: str, made: "_Made | None" = None) -> Written:
    """``source`` as it is, as ``target``; of ``made``, which came to the same, the remarks on it."""
    if not (target.exists() and target.samefile(source)):
        record.write_atomically(target, source.read_bytes())
    found = inspect_tflite(target, {} if made is None else made.notes)
    remarks = (() if made is None else made.remarks) + found.remarks
    return Written(found.model_copy(update={"remarks": remarks}), None, why)


@dataclass(frozen=True)
class _Made:
    """A file that may be written, and the remarks on it. ``is_source``: nothing in it was changed."""

    file: bytes
    is_source: bool
    changes: list[tuple[Weight, Stored]]
    notes: dict[str, str]
    remarks: tuple[str, ...]
    verdict: SparseInference

    def proved(self, verdict: SparseInference) -> "_Made":
        """The same with what the proof found of sparse inference."""
        added = (remark(verdict),) if verdict.state == "on" else ()
        return replace(self, verdict=verdict, remarks=(*self.remarks, *added))


def _made(source: Path, encoding: Encoding, caution: Caution) -> _Made:
    """The model ``source`` rewritten with so much caution; as it is where that gains nothing and it is right."""
    data, model = model_file.parse(source)
    with model_file.damage(source):
        before = judge_model(model)
    changes, kept, changed = _changes(data, model, source, encoding, sparse=caution != "dense")
    rewrite(model, changes)
    remarks: list[str] = []
    with model_file.damage(source):
        verdict = judge_model(model)
        if caution != "none" and guard_model(model):
            remarks.append(f"the padding of its first convolution is written so that sparse kernels stay off: {_WRONG}")
            verdict = judge_model(model)
    if caution == "dense":
        remarks.append(f"no weight is stored sparse: {_WRONG}")
    file = _with_archive(model_file.serialize(model), data) if changes or remarks else data
    if len(file) >= len(data) and before.state != "unsafe":
        return _Made(data, True, [], kept, tuple(remarks), before)
    return _Made(file, False, changes, kept | changed, tuple(remarks), verdict)


def _with_archive(file: bytes, data: bytes) -> bytes:
    """``file`` with the zip archive that stands behind the model in ``data``, aligned as it was there."""
    begin, found = appended.archive(data)
    if found:
        file += bytes((begin - len(file)) % _ALIGNMENT)
    return file + appended.moved(data, begin, len(file))


def _changes(
    data: bytes, model: Any, source: Path, encoding: Encoding, *, sparse: bool
) -> tuple[list[tuple[Weight, Stored]], dict[str, str], dict[str, str]]:
    """The weights to be stored in another form, and the remarks on those that stay and those that change."""
    with model_file.damage(source):
        found = {(weight.subgraph, weight.root): weight for weight in weights(model)}
        shapes = [model.subgraphs[subgraph].tensors[root].shape for subgraph, root in found]
        elements = sum(prod(int(size) for size in shape) for shape in shapes)
    changes: list[tuple[Weight, Stored]] = []
    kept: dict[str, str] = {}
    changed: dict[str, str] = {}
    for constant in reader.constants(data, str(source)):
        weight = found.get((constant.subgraph, constant.index))
        stored = None if weight is None else _form(constant, weight, encoding, elements, sparse=sparse)
        if isinstance(stored, str):
            kept[constant.name] = f"unchanged: {stored}"
        elif weight is None or stored is None:
            continue
        elif stored.bytes < stored_bytes(constant) * (1 + len(weight.copies)) or (constant.sparse and not sparse):
            changes.append((weight, stored))
            changed[constant.name] = stored.note
        elif stored.encoding == constant.encoding:
            kept[constant.name] = stored.note
    return changes, kept, changed


def _form(constant: Constant, weight: Weight, encoding: Encoding, elements: int, *, sparse: bool) -> Stored | str:
    """The smallest exact form of a weight, or why it must stay as it is."""
    allowed = use(weight.readings)
    array: FloatArray = constant.array
    if isinstance(allowed, str):
        return allowed
    if constant.type in _COMPUTED_WITH:
        return f"with {constant.type} LiteRT sums products in an order of its own, which moves the last bit"
    if not constant.is_exact:
        return "runtimes do not agree on the bits that a zero point gives"
    if sums_products(weight.readings):
        array = np.where(array == 0, np.float32(0), array)
    return choose(array, allowed, weights="float32", encoding=encoding, sparse=sparse, file_weights=elements)


def _check(packed: bytes, changes: list[tuple[Weight, Stored]], target: Path) -> None:
    """Read the new file back: every weight that changed must be there bit by bit."""
    expected = {(weight.subgraph, weight.root): stored for weight, stored in changes}
    for constant in reader.constants(packed, str(target)):
        stored = expected.pop((constant.subgraph, constant.index), None)
        if stored is not None and constant.array.tobytes() != stored.decoded().tobytes():
            raise CheckError(f"'{constant.name}' is not in {target} as it was to be stored; please report this model")
    if expected:
        raise CheckError(f"{len(expected)} weights cannot be found in {target}; please report this model")
