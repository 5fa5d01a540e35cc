"""TFLite: the model with batch 1 and channels last, weights in forms that are decoded once, when a runtime loads them.

Limits: float32 models of the operators in ``formats/tflite/lowering/operators.py``; one file is at most 2 GiB.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np
import onnx_ir

from edgecompress import record
from edgecompress.encode.ledger import Ledger
from edgecompress.errors import CheckError
from edgecompress.formats.contract import Rounding
from edgecompress.formats.tflite import csr, split
from edgecompress.formats.tflite.consumers import Use, use
from edgecompress.formats.tflite.equal import keep_once, readings_of
from edgecompress.formats.tflite.graph import FloatArray, Tensor, TfliteGraph
from edgecompress.formats.tflite.inspection import ledger
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.mapped import Data, mapped
from edgecompress.formats.tflite.reader import constants
from edgecompress.formats.tflite.sparse_inference.enable import Enabled, enabled
from edgecompress.formats.tflite.sparse_inference.guard import guard_graph
from edgecompress.formats.tflite.sparse_inference.shifts import shifted
from edgecompress.formats.tflite.sparse_inference.verdict import judge, remark
from edgecompress.formats.tflite.sparse_inference.view import of_graph
from edgecompress.formats.tflite.weights import Encoding, Stored, choose, saves_much
from edgecompress.formats.tflite.writer import packed


def write_tflite(
    model: onnx_ir.Model,
    path: Path,
    *,
    compress: bool,
    encoding: Encoding = "smallest",
    weights: Rounding = "float16",
    sparse_inference: bool = True,
    shifts: bool = False,
    metadata: Mapping[str, bytes] | None = None,
) -> Ledger:
    """Write the float32 graph ``model`` to ``path`` as a TFLite file; the ledger of what was written.

    Args:
        model: It is not changed, and the same model gives the same bytes. BatchNormalization is folded.
        path: The file, which appears whole or not at all.
        compress: False stores float32, True each weight in the form that ``weights.choose`` takes, equal ones once.
        encoding: ``smallest``, or ``fast-load``: only what runtimes decode fastest.
        weights: How far weights may be rounded: ``float32`` not at all; ``float16``; ``int8``, computed in float32;
            ``int8-hybrid``, computed in int8 with inputs that are quantised at each inference.
        sparse_inference: Whether a compressed file may be written so that XNNPACK's sparse kernels take it, on
            processors without AVX and where that pays; see ``tflite/sparse_inference``. Else they stay off.
        shifts: Whether 3x3 convolutions become shifts and 1x1 convolutions for that, where sparse inference then takes
            the file; see ``tflite/sparse_inference/shifts``. Outputs are the same but for the order of sums.
        metadata: Entries that tell a runtime more, by name.

    Raises:
        InputError: the model holds what has no TFLite form here, or weights that are NaN or infinite.
        CheckError: folding would change a weight's zeros, or the file does not hold what was to be written.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    graph = lower(model)
    forms: dict[Tensor, Stored] = {}
    remarks: tuple[str, ...] = ()
    if compress:
        found, further = _enabled(graph, asked=sparse_inference, shifts=shifts)
        if isinstance(found, Enabled):
            graph = found.graph
        whole = found.whole if isinstance(found, Enabled) else frozenset()
        keep_once(graph, apart=whole)
        forms = _forms(graph, encoding, weights, whole=whole)
        remarks = (_settled(graph, forms, found), *further)
    notes = {tensor.name: stored.note for tensor, stored in forms.items() if stored.note}
    file = packed(graph, forms, metadata)
    del graph  # the file has its weights
    with record.atomic(path) as stream:
        file.write(stream)
        stream.flush()
        del file
        with mapped(stream) as data:
            _check(data, forms, str(path))
            del forms  # while the ledger is made, each weight is in memory once
            return ledger(data, str(path), notes).model_copy(update={"remarks": remarks})


def _enabled(graph: TfliteGraph, *, asked: bool, shifts: bool) -> tuple[Enabled | str, tuple[str, ...]]:
    """Enable sparse inference in ``graph``, 3x3 convolutions as shifts if asked for; also say what came of shifts."""
    done = "convolutions computed by shifts"
    if not asked:
        return "it was not asked for", (f"{done}: none, because sparse inference was not asked for",) if shifts else ()
    if not shifts:
        return enabled(graph), ()
    made, count = shifted(graph)
    found = enabled(made) if count else "there is no such convolution"
    if isinstance(found, Enabled):
        return found, (f"{done} and 1x1 convolutions: {count}",)
    return enabled(graph), (f"{done}: none, because {found}",)


def _settled(graph: TfliteGraph, forms: dict[Tensor, Stored], found: Enabled | str) -> str:
    """Keep sparse inference out of a graph that it must not take; what it does with the graph, in a sentence."""
    verdict = judge(of_graph(graph, has_densify=any("DENSIFY" in stored.steps for stored in forms.values())))
    if verdict.state == "on" and isinstance(found, Enabled):
        return remark(verdict)
    if verdict.state != "off":
        guard_graph(graph)
    reason = found if isinstance(found, str) else verdict.reason
    return f"on processors without AVX, as all of Arm are, zeros are not skipped: {reason}"


def _forms(
    graph: TfliteGraph, encoding: Encoding, weights: Rounding, *, whole: frozenset[Tensor] = frozenset()
) -> dict[Tensor, Stored]:
    """The form of each weight, by what the operators that read it allow.

    ``graph`` changes where a layer is split; the weights ``whole`` are not, and may be in blocks instead.
    """
    readings = readings_of(graph)
    forms = {}
    elements = sum(prod(tensor.shape) for tensor in readings)
    for tensor, read in readings.items():
        allowed = use(read)
        assert not isinstance(allowed, str), "the lowering marks as compressible what its operators can read decoded"
        assert tensor.data is not None
        stored = _chosen(tensor.data, allowed, weights, encoding, elements, blocked=tensor in whole)
        may_split = isinstance(stored.array, csr.Csr) and tensor not in whole
        narrower = split.parts(graph, tensor) if may_split else []
        of_parts = {
            part.inputs[1]: _chosen(part.inputs[1].data, allowed, weights, encoding, elements)
            for part in narrower
            if part.inputs[1].data is not None
        }
        spent = sum(part.bytes + split.PART_BYTES for part in of_parts.values())
        if of_parts and _worth(stored, list(of_parts.values()), stored.bytes - spent, elements):
            split.replace(graph, tensor, narrower)
            forms.update(of_parts)
        else:
            forms[tensor] = stored
    return forms


def _worth(whole: Stored, parts: list[Stored], saved: int, elements: int) -> bool:
    """Return whether parts are to be stored in place of the ``whole``.

    They may have another compressed dimension than the last where it has not, which then must save much.
    """
    if _is_common(whole) and not all(map(_is_common, parts)):
        return saves_much(saved, whole.bytes, elements)
    return saved > 0


def _is_common(stored: Stored) -> bool:
    """Return whether every runtime that reads CSR reads this: the compressed dimension is the last, without blocks."""
    array = stored.array
    return not isinstance(array, csr.Csr) or (array.block == 1 and array.traversal[-1] == len(array.shape) - 1)


def _chosen(
    array: FloatArray, allowed: Use, weights: Rounding, encoding: Encoding, elements: int, *, blocked: bool = False
) -> Stored:
    """The form of ``array``; it is walked many times, so first laid out in order, but the form keeps no copy of it."""
    ordered = np.ascontiguousarray(array)
    stored = choose(ordered, allowed, weights=weights, encoding=encoding, file_weights=elements, blocked=blocked)
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
