"""TFLite: the model with batch 1 and channels last, weights in the smallest form that is decoded once at load.

Limits: float32 models of the operators in ``export/tflite/lowering/operators.py``; one file is at most 2 GiB.
"""

from pathlib import Path

import numpy as np
import onnx_ir

from edgecompress import record
from edgecompress.encode.ledger import Ledger
from edgecompress.errors import CheckError
from edgecompress.export.tflite.graph import Tensor
from edgecompress.export.tflite.inspection import ledger
from edgecompress.export.tflite.lowering.model import lower
from edgecompress.export.tflite.reader import constants
from edgecompress.export.tflite.weights import Stored, smallest, to_float16
from edgecompress.export.tflite.writer import serialize


def tflite(model: onnx_ir.Model, path: Path, *, compress: bool) -> Ledger:
    """Write the float32 graph ``model`` to ``path`` as a TFLite file; the ledger of what was written.

    ``compress=False`` stores float32, ``compress=True`` each weight in the smallest form (``weights.smallest``); in
    both, BatchNormalization is folded. The model is not changed, and the same model gives the same bytes.

    Raises:
        InputError: the model holds what has no TFLite form here, or weights that are NaN or infinite.
        CheckError: folding would change a weight's zeros, or the file does not hold what was to be written.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    graph = lower(model)
    forms: dict[Tensor, Stored] = {}
    if compress:
        forms = {tensor: smallest(data) for tensor, data in graph.constants() if tensor.compressible}
    data = serialize(graph, forms)
    _check(data, forms, str(path))
    notes = {tensor.name: stored.note for tensor, stored in forms.items() if stored.note}
    written = ledger(data, str(path), notes)
    record.write_atomically(path, data)
    return written


def _check(data: bytes, forms: dict[Tensor, Stored], where: str) -> None:
    """Read the file back: every compressed weight must be there bit by bit, its sparsity with it."""
    unseen = {tensor.name: (tensor, stored) for tensor, stored in forms.items()}
    for constant in constants(data, where):
        if constant.name not in unseen:
            continue
        tensor, stored = unseen.pop(constant.name)
        assert tensor.data is not None
        expected = to_float16(tensor.data).astype(np.float32) if stored.encoding.endswith("16") else tensor.data
        same_zeros = np.count_nonzero(constant.array) == np.count_nonzero(tensor.data)
        if constant.array.tobytes() != expected.tobytes() or not same_zeros:
            raise CheckError(f"'{constant.name}' is not in {where} as it was to be stored; please report this model")
    if unseen:
        raise CheckError(f"{', '.join(unseen)} cannot be found in {where}; please report this model")
