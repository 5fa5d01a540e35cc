"""A model file of a bundle: written, proved and measured on the machine that builds it."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir

from edgecompress.encode.ledger import Ledger
from edgecompress.errors import InputError
from edgecompress.export.accuracy import FileAccuracy, accuracy
from edgecompress.export.memory import Memory, memory
from edgecompress.export.named import Named, verify_named
from edgecompress.export.verify import Floats, Verification, compare_latency, verify
from edgecompress.export.written import writer, written
from edgecompress.formats.contract import EXACT, ROUNDED, FinishedFile, Format
from edgecompress.formats.graphs import initializers
from edgecompress.heap import trim_heap
from edgecompress.recipe import Export
from edgecompress.record import Record

# Of the proof's samples, for files that round every activation. What is wrong in such a file (a scale taken for
# another, sums that overflow) leaves far fewer; what is right seldom leaves fewer than 0.97.
LEAST_AGREEMENT = 0.9
# Times the dense file's, where the weights are decoded to float32 at load. What computes in int8 is measured and not
# judged: it depends on the processor. Without dot-product instructions it can be slower than float32.
LATENCY = 1.05


@dataclass(frozen=True)
class Reference:
    """The inputs and outputs that a file is proved against.

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
    """The data that an int8 file needs beside its network.

    Attributes:
        inputs: to calibrate with, float32 (N, channels, ...).
        samples: an npz file of labelled samples, to take its accuracy from.
    """

    inputs: Floats
    samples: Path


@dataclass(frozen=True)
class VerifiedFile:
    """The results for a file that was written. ``accuracy`` is measured where it may differ from the network's."""

    ledger: Ledger
    verification: Verification
    memory: Memory
    runs_in: list[str]
    accuracy: FileAccuracy | None = None


def write_float(
    graph: ir.Model, path: Path, kind: Format, settings: Export, reference: Reference | Named, *, compress: bool
) -> VerifiedFile:
    """Write the network as it is, dense or compressed, and prove that it computes what the network does.

    Raises:
        NoFormError: the format cannot express it.
        CheckError: the file does not hold or compute what it should, or is slower than the dense one.
    """
    finished = written(graph, path, kind, settings, compress=compress)
    trim_heap()
    rounding = kind.rounding(settings)
    judged = not (compress and rounding == "int8-hybrid")
    limit = LATENCY if judged and not (reference.narrower or finished.twin) else None
    if isinstance(reference, Named):
        tolerance = kind.tolerances[rounding if compress else "float32"]
        made = _verified_by_name(graph, path, kind, finished.ledger, reference, tolerance, latency_limit=limit)
    else:
        made = _verified(
            path,
            kind,
            finished.ledger,
            reference,
            weights=initializers(graph, np.float32) if kind.exact else None,
            relative_tolerance=kind.tolerances[rounding],
            latency_limit=limit,
        )
    latency = made.verification.latency
    if judged and latency is not None and latency.low > LATENCY:
        _judge_beside(graph, path, kind, settings, reference, finished)
    return _with(made, finished.verdict)


def _judge_beside(
    graph: ir.Model, path: Path, kind: Format, settings: Export, reference: Reference | Named, finished: FinishedFile
) -> None:
    """Judge a latency by the file's twin for this processor, and beside a dense file of as many channels.

    Raises:
        CheckError: it is slower all the same.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        file, dense = path, reference.dense
        if finished.twin:
            file = Path(folder) / path.name
            finished.twin(file)
        if reference.narrower:
            dense = Path(folder) / f"dense-{path.name}"
            writer(graph, kind, settings, compress=False)(dense)
        assert dense is not None  # else there was no latency
        compare_latency(file, dense, layout=kind.layout, limit=LATENCY)


def _with(file: VerifiedFile, verdict: Record | None) -> VerifiedFile:
    """``file``, with what the file does on other processors."""
    return replace(file, verification=file.verification.model_copy(update={"sparse_inference": verdict}))


def write_int8(
    graph: ir.Model,
    path: Path,
    kind: Format,
    settings: Export,
    reference: Reference,
    given: Calibrated,
    *,
    compress: bool,
) -> VerifiedFile:
    """Quantise the network to int8, write it, prove that its answers are the network's, and measure its accuracy.

    An ONNX file is encoded like any other with ``compress``.

    Raises:
        InputError: a quantiser or the format refuses the network.
        CheckError: weights are not the rounded ones, or too many answers differ.
    """
    if kind.int8 is None:
        raise InputError(f"there is no int8 arithmetic for {kind.title}; set export.int8=false")
    ledger, weights = kind.int8(graph, path, given.inputs, compress=compress, encoding=settings.encoding)
    return _verified(
        path,
        kind,
        ledger,
        reference,
        weights=weights,
        least_agreement=LEAST_AGREEMENT,
        latency_limit=None,
        measured=accuracy(path, given.samples, layout=kind.layout),
    )


def write_float16(graph: ir.Model, path: Path, kind: Format, settings: Export, reference: Reference) -> VerifiedFile:
    """Write the network compressed and to be computed in float16, and prove what this machine can.

    That is the file's weights, and its outputs within float16's tolerance, in whatever precision this processor
    computes them; latency is measured and not judged, for it may be that of Casts.

    Raises:
        InputError: the network has no float16 form, or weights beyond float16.
        CheckError: the file does not hold or compute what it should.
    """
    if kind.float16 is None:
        raise InputError(f"there is no float16 arithmetic for {kind.title}; set export.float16_arithmetic=false")
    none = np.zeros((0, 0), np.float32)
    ledger, weights = kind.float16(graph, path, none, compress=True, encoding=settings.encoding)
    verdict = kind.elsewhere(path) if kind.elsewhere else None
    made = _verified(
        path,
        kind,
        ledger,
        reference,
        weights=weights,
        relative_tolerance=ROUNDED["float16"],
        latency_limit=None,
    )
    return _with(made, verdict)


def _verified(
    path: Path,
    kind: Format,
    ledger: Ledger,
    reference: Reference,
    *,
    measured: FileAccuracy | None = None,
    **checks: Any,
) -> VerifiedFile:
    verification = verify(path, reference.x, reference.expected, layout=kind.layout, dense=reference.dense, **checks)
    return VerifiedFile(ledger, verification, memory(path, layout=kind.layout), list(kind.runs_in(path)), measured)


def _verified_by_name(
    graph: ir.Model,
    path: Path,
    kind: Format,
    ledger: Ledger,
    reference: Named,
    tolerance: float,
    *,
    latency_limit: float | None,
) -> VerifiedFile:
    """Prove a file whose inputs and outputs go by their names."""
    arrays = (*reference.inputs.values(), *initializers(graph, np.float16).values())
    exact = ROUNDED["float16"] if any(array.dtype == np.float16 for array in arrays) else EXACT
    verification = verify_named(
        path,
        reference,
        relative_tolerance=max(exact, tolerance),
        weights=initializers(graph, np.float32, np.float16) if kind.exact else None,
        latency_limit=latency_limit,
    )
    return VerifiedFile(ledger, verification, memory(path, layout=kind.layout), list(kind.runs_in(path)))
