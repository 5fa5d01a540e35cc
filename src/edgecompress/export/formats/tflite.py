"""TFLite: the model with batch 1 and channels last, weights in forms that are decoded once, when a runtime loads them.

Limits: float32 models of the operators in ``export/tflite/lowering/operators.py``; one file is at most 2 GiB.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx_ir

from edgecompress import record
from edgecompress.encode.ledger import Ledger
from edgecompress.errors import CheckError
from edgecompress.export.tflite import csr, split
from edgecompress.export.tflite.consumers import Reading, Use, use
from edgecompress.export.tflite.graph import FloatArray, Graph, Tensor
from edgecompress.export.tflite.inspection import ledger
from edgecompress.export.tflite.lowering.context import FUSED
from edgecompress.export.tflite.lowering.model import lower
from edgecompress.export.tflite.mapped import Data, mapped
from edgecompress.export.tflite.reader import constants
from edgecompress.export.tflite.weights import Encoding, Rounding, Stored, choose
from edgecompress.export.tflite.writer import packed


def tflite(
    model: onnx_ir.Model,
    path: Path,
    *,
    compress: bool,
    encoding: Encoding = "smallest",
    weights: Rounding = "float16",
) -> Ledger:
    """Write the float32 graph ``model`` to ``path`` as a TFLite file; the ledger of what was written.

    Args:
        model: It is not changed, and the same model gives the same bytes. BatchNormalization is folded.
        path: The file, which appears whole or not at all.
        compress: False stores float32, True each weight in the form that ``weights.choose`` takes.
        encoding: ``smallest``, or ``fast-load``: only what runtimes decode fastest.
        weights: How far weights may be rounded: ``float32`` not at all; ``float16``; ``int8``, computed in float32;
            ``int8-hybrid``, computed in int8 with inputs that are quantised at each inference.

    Raises:
        InputError: the model holds what has no TFLite form here, or weights that are NaN or infinite.
        CheckError: folding would change a weight's zeros, or the file does not hold what was to be written.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    graph = lower(model)
    forms = _forms(graph, encoding, weights) if compress else {}
    notes = {tensor.name: stored.note for tensor, stored in forms.items() if stored.note}
    file = packed(graph, forms)
    del graph  # the file has its weights
    with record.atomic(path) as stream:
        file.write(stream)
        stream.flush()
        del file
        with mapped(stream) as data:
            _check(data, forms, str(path))
            del forms  # while the ledger is made, each weight is in memory once
            return ledger(data, str(path), notes)


def _forms(graph: Graph, encoding: Encoding, weights: Rounding) -> dict[Tensor, Stored]:
    """The form of each weight, by what the operators that read it allow; ``graph`` changes where a layer is split."""
    readings: dict[Tensor, list[Reading]] = {}
    for operator in graph.operators:
        for position, tensor in enumerate(operator.inputs):
            if tensor.compressible:
                reading = Reading(operator.code, position, operator.options.get(FUSED, 0))
                readings.setdefault(tensor, []).append(reading)
    forms = {}
    for tensor, read in readings.items():
        allowed = use(read)
        assert not isinstance(allowed, str), "the lowering marks as compressible what its operators can read decoded"
        assert tensor.data is not None
        stored = _chosen(tensor.data, allowed, weights, encoding)
        narrower = split.parts(graph, tensor) if isinstance(stored.array, csr.Csr) else []
        of_parts = {
            part.inputs[1]: _chosen(part.inputs[1].data, allowed, weights, encoding)
            for part in narrower
            if part.inputs[1].data is not None
        }
        spent = sum(part.bytes + split.PART_BYTES for part in of_parts.values())
        if of_parts and spent < stored.bytes:
            split.replace(graph, tensor, narrower)
            forms.update(of_parts)
        else:
            forms[tensor] = stored
    return forms


def _chosen(array: FloatArray, allowed: Use, weights: Rounding, encoding: Encoding) -> Stored:
    """The form of ``array``; it is walked many times, so first laid out in order, but the form keeps no copy of it."""
    ordered = np.ascontiguousarray(array)
    stored = choose(ordered, allowed, weights=weights, encoding=encoding)
    return replace(stored, array=array) if stored.array is ordered else stored


def _check(data: Data, forms: dict[Tensor, Stored], where: str) -> None:
    """Read the file back: every compressed weight must be there bit by bit, its sparsity with it."""
    unseen = {tensor.name: (tensor, stored) for tensor, stored in forms.items()}
    for constant in constants(data, where):
        if constant.name not in unseen:
            continue
        tensor, stored = unseen.pop(constant.name)
        assert tensor.data is not None
        same_zeros = np.count_nonzero(constant.array) == np.count_nonzero(tensor.data)
        if not same_zeros or not stored.is_read_as(constant.array):
            raise CheckError(f"'{constant.name}' is not in {where} as it was to be stored; please report this model")
    if unseen:
        raise CheckError(f"{', '.join(unseen)} cannot be found in {where}; please report this model")
