"""A model file of a bundle: written, proved and measured on the machine that builds it."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress import methods
from edgecompress.encode.ledger import Ledger
from edgecompress.export.accuracy import FileAccuracy, accuracy
from edgecompress.export.contract import Format
from edgecompress.export.float16.onnx import halved
from edgecompress.export.float16.tflite import tflite as write_float16_tflite
from edgecompress.export.int8.onnx import quantized
from edgecompress.export.int8.tflite import tflite as write_int8_tflite
from edgecompress.export.memory import Memory, memory
from edgecompress.export.named import Named, verify_named
from edgecompress.export.tflite.runtimes import runtimes
from edgecompress.export.tflite.sparse_inference import emulated
from edgecompress.export.tflite.sparse_inference.verdict import SparseInference
from edgecompress.export.verify import Floats, Verification, compare_latency, verify
from edgecompress.export.written import FORMATS, FileKind, writer, written
from edgecompress.heap import give_back
from edgecompress.recipe import Export

# Relative to a sample's largest output. Half a unit in the last place of float16 is 2**-11, of int8 2**-8 of the
# largest weight of a channel; errors add up over the layers, and hybrid kernels round the inputs of each layer too.
EXACT = 1e-4
ROUNDED = {"float32": 1e-3, "float16": 2e-2, "int8": 1e-1, "int8-hybrid": 2.5e-1}
# Of the proof's samples, for files that round every activation. What is wrong in such a file (a scale taken for
# another, sums that overflow) leaves far fewer; what is right seldom leaves fewer than 0.97.
LEAST_AGREEMENT = 0.9
# Times the dense file's, where the weights are decoded to float32 at load. What computes in int8 is measured and not
# judged: it depends on the processor. Without dot-product instructions it can be slower than float32.
LATENCY = 1.05


@dataclass(frozen=True)
class Reference:
    """What a file is proved against.

    Attributes:
        x: real inputs, float32 (N, channels, ...).
        expected: what the network says of them, float32 (N, classes).
        dense: the dense file of the same format, to compare the latency with; ``None`` for that file itself.
        narrower: whether the network has fewer channels than the dense one. It may take longer with them, where their
            number suits no kernel; that is no fault of the file, which is then judged beside a dense one of its own.
    """

    x: Floats
    expected: Floats
    dense: Path | None
    narrower: bool = False


@dataclass(frozen=True)
class Calibrated:
    """What an int8 file needs beside its network.

    Attributes:
        inputs: to calibrate with, float32 (N, channels, ...).
        samples: an npz file of labelled samples, to take its accuracy from.
    """

    inputs: Floats
    samples: Path


@dataclass(frozen=True)
class Proved:
    """What is known of a file that was written. ``accuracy`` is measured where it may differ from the network's."""

    ledger: Ledger
    verification: Verification
    memory: Memory
    runs_in: list[str]
    accuracy: FileAccuracy | None = None


def write_float(
    graph: ir.Model, path: Path, kind: FileKind, settings: Export, reference: Reference | Named, *, compress: bool
) -> Proved:
    """Write the network as it is, dense or compressed, and prove that it computes what the network does.

    Raises:
        NoFormError: the format cannot express it.
        CheckError: the file does not hold or compute what it should, or is slower than the dense one.
    """
    is_onnx = kind.format == "onnx"
    ledger, inference = written(graph, path, kind, settings, compress=compress)
    give_back()
    rounding = "float32" if is_onnx else settings.tflite_weights
    judged = not (compress and rounding == "int8-hybrid")
    elsewhere = _is_for_other_processors(inference)
    limit = LATENCY if judged and not (reference.narrower or elsewhere) else None
    if isinstance(reference, Named):
        held = "float32" if not compress else rounding
        made = _proved_by_name(graph, path, kind, ledger, reference, held, latency_limit=limit)
    else:
        made = _proved(
            path,
            kind,
            ledger,
            reference,
            weights=_arrays(graph, np.float32) if is_onnx else None,
            relative_tolerance=EXACT if is_onnx else ROUNDED[rounding],
            latency_limit=limit,
        )
    latency = made.verification.latency
    if judged and latency is not None and latency.low > LATENCY:
        with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
            file, dense = path, reference.dense
            if elsewhere:
                file = Path(folder) / path.name
                plain = settings.model_copy(update={"shifts": False})
                writer(graph, file, kind, plain, compress=True)(sparse_inference=False)
            if reference.narrower:
                dense = Path(folder) / f"dense-{path.name}"
                writer(graph, dense, kind, settings, compress=False)()
            assert dense is not None  # else there was no latency
            compare_latency(file, dense, layout=kind.layout, limit=LATENCY)
    return _with(made, inference)


def _is_for_other_processors(inference: SparseInference | None) -> bool:
    """Whether a file may be slower here: paddings and shifts for sparse inference pay where zeros are skipped.

    What is judged here, where it is, is a file of the same weights without them.
    """
    return inference is not None and inference.state == "on" and not emulated.sparse_inference_runs_here()


def _with(proved: Proved, inference: SparseInference | None) -> Proved:
    """``proved``, with what sparse inference does with the file."""
    return replace(proved, verification=proved.verification.model_copy(update={"sparse_inference": inference}))


def write_int8(
    graph: ir.Model,
    path: Path,
    kind: FileKind,
    settings: Export,
    reference: Reference,
    given: Calibrated,
    *,
    compress: bool,
) -> Proved:
    """Quantise the network to int8, write it, prove that its answers are the network's, and measure its accuracy.

    An ONNX file is encoded like any other with ``compress``.

    Raises:
        InputError: a quantiser or the format refuses the network.
        CheckError: weights are not the rounded ones, or too many answers differ.
    """
    weights = None
    if kind.format == "onnx":
        integers = quantized(graph, given.inputs)
        write: Format = methods.find(FORMATS, kind.format)
        ledger = write(integers, path, compress=compress, encoding=settings.encoding)
        weights = _arrays(integers, np.float32, np.int8, np.int32)
    else:
        ledger = write_int8_tflite(graph, path, given.inputs)
    return _proved(
        path,
        kind,
        ledger,
        reference,
        weights=weights,
        least_agreement=LEAST_AGREEMENT,
        latency_limit=None,
        measured=accuracy(path, given.samples, layout=kind.layout),
    )


def write_float16(graph: ir.Model, path: Path, kind: FileKind, settings: Export, reference: Reference) -> Proved:
    """Write the network compressed and to be computed in float16, and prove what this machine can.

    That is the file's weights, and its outputs within float16's tolerance, in whatever precision this processor
    computes them; latency is measured and not judged, for it may be that of Casts.

    Raises:
        InputError: the network has no float16 form, or weights beyond float16.
        CheckError: the file does not hold or compute what it should.
    """
    weights = inference = None
    if kind.format == "onnx":
        half = halved(graph)
        write: Format = methods.find(FORMATS, kind.format)
        ledger = write(half, path, compress=True, encoding=settings.encoding)
        weights = _arrays(half, np.float16, np.float32)
    else:
        ledger = write_float16_tflite(graph, path, encoding=settings.encoding)
        inference = emulated.prove(path)
    made = _proved(
        path,
        kind,
        ledger,
        reference,
        weights=weights,
        relative_tolerance=ROUNDED["float16"],
        latency_limit=None,
    )
    return _with(made, inference)


def _proved(
    path: Path,
    kind: FileKind,
    ledger: Ledger,
    reference: Reference,
    *,
    measured: FileAccuracy | None = None,
    **checks: Any,
) -> Proved:
    verification = verify(path, reference.x, reference.expected, layout=kind.layout, dense=reference.dense, **checks)
    runs_in = ["onnxruntime >= 1.20"] if kind.format == "onnx" else list(runtimes(path))
    return Proved(ledger, verification, memory(path, layout=kind.layout), runs_in, measured)


def _proved_by_name(
    graph: ir.Model,
    path: Path,
    kind: FileKind,
    ledger: Ledger,
    reference: Named,
    rounding: str,
    *,
    latency_limit: float | None,
) -> Proved:
    """What is known of a file whose inputs and outputs go by their names."""
    is_onnx = kind.format == "onnx"
    half = any(
        array.dtype == np.float16 for array in (*reference.inputs.values(), *_arrays(graph, np.float16).values())
    )
    exact = ROUNDED["float16"] if half else EXACT
    verification = verify_named(
        path,
        reference,
        relative_tolerance=exact if is_onnx else max(exact, ROUNDED[rounding]),
        weights=_arrays(graph, np.float32, np.float16) if is_onnx else None,
        latency_limit=latency_limit,
    )
    runs_in = ["onnxruntime >= 1.20"] if is_onnx else list(runtimes(path))
    return Proved(ledger, verification, memory(path, layout=kind.layout), runs_in)


def _arrays(graph: ir.Model, *types: type[np.generic]) -> dict[str, npt.NDArray[np.generic]]:
    """The initialisers of these types, by name."""
    values = graph.graph.initializers.items()
    arrays = {name: value.const_value.numpy() for name, value in values if value.const_value}
    return {name: array for name, array in arrays.items() if array.dtype in types}
