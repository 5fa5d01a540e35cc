"""Any .tflite file made smaller without a change of what it computes: each weight in its smallest exact form.

Weights are what operators read as float32, stored as float32, float16 or int8, plain or sparse, by any writer. Only
they change, and the DENSIFY and DEQUANTIZE operators that decode them. Quantised tensors that operators read as
integers stay, sparse ones too: XNNPACK refuses a DENSIFY of int8 that no DEQUANTIZE follows.
"""

from pathlib import Path
from typing import Any

import numpy as np

from edgecompress import record
from edgecompress.encode.ledger import Ledger
from edgecompress.errors import CheckError
from edgecompress.export.tflite import equivalence, model_file, reader
from edgecompress.export.tflite.consumers import sums_products, use
from edgecompress.export.tflite.graph import FloatArray
from edgecompress.export.tflite.inspection import ledger, stored_bytes
from edgecompress.export.tflite.reader import Constant
from edgecompress.export.tflite.rewrite import rewrite
from edgecompress.export.tflite.survey import Weight, weights
from edgecompress.export.tflite.weights import Encoding, Stored, choose


def pack_tflite(source: Path, target: Path, *, encoding: Encoding = "smallest") -> Ledger:
    """Write the smallest lossless equivalent of the model ``source`` to ``target``; the ledger of what was written.

    Names, signatures, metadata, operators and their order stay; a weight stays that would not be smaller, and a file
    that would not be is written as it is. ``encoding`` ``fast-load`` uses only what runtimes decode fastest. The new
    file is loaded and run in processes of their own before it appears: on random inputs it computes the bits that
    ``source`` does. (A weight of -0.0 that is only multiplied and summed may become 0.0.)

    Raises:
        InputError: the source cannot be read, is damaged, is larger than 2 GiB, or does not run here.
        CheckError: the file written does not hold the same weights, does not run, or computes something else.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    data, model = model_file.parse(source)
    found = {(weight.subgraph, weight.root): weight for weight in _weights(model, source)}
    changes: list[tuple[Weight, Stored]] = []
    kept: dict[str, str] = {}
    changed: dict[str, str] = {}
    for constant in reader.constants(data, str(source)):
        weight = found.get((constant.subgraph, constant.index))
        stored = None if weight is None else _form(constant, weight, encoding)
        if isinstance(stored, str):
            kept[constant.name] = f"unchanged: {stored}"
        elif weight is not None and stored is not None and stored.bytes < stored_bytes(constant):
            changes.append((weight, stored))
            changed[constant.name] = stored.note
        elif stored is not None and stored.encoding == constant.encoding:
            kept[constant.name] = stored.note
    packed, notes = data, kept
    if changes:
        rewrite(model, changes)
        smaller = model_file.serialize(model)
        if len(smaller) < len(data):
            _check(smaller, changes, target)
            equivalence.prove(source, smaller, target)
            packed, notes = smaller, kept | changed
    written = ledger(packed, str(target), notes)
    record.write_atomically(target, packed)
    return written


def _weights(model: Any, source: Path) -> list[Weight]:
    with model_file.damage(source):
        return weights(model)


def _form(constant: Constant, weight: Weight, encoding: Encoding) -> Stored | str:
    """The smallest exact form of a weight, or why it must stay as it is."""
    allowed = use(weight.readings)
    array: FloatArray = constant.array
    if isinstance(allowed, str):
        return allowed
    if not constant.is_exact:
        return "runtimes do not agree on the bits that a zero point gives"
    if sums_products(weight.readings):
        array = np.where(array == 0, np.float32(0), array)
    return choose(array, allowed, weights="float32", encoding=encoding)


def _check(packed: bytes, changes: list[tuple[Weight, Stored]], target: Path) -> None:
    """Read the new file back: every weight that changed must be there bit by bit."""
    expected = {(weight.subgraph, weight.root): stored for weight, stored in changes}
    for constant in reader.constants(packed, str(target)):
        stored = expected.pop((constant.subgraph, constant.index), None)
        if stored is not None and constant.array.tobytes() != stored.decoded().tobytes():
            raise CheckError(f"'{constant.name}' is not in {target} as it was to be stored; please report this model")
    if expected:
        raise CheckError(f"{len(expected)} weights cannot be found in {target}; please report this model")
