"""The files of a network in each format: written, and right on every processor."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import onnx_ir as ir

from edgecompress.encode.ledger import Ledger
from edgecompress.errors import InputError, MissingDependencyError, NoFormError
from edgecompress.export.verify import Layout
from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.formats.tflite.sparse_inference import emulated
from edgecompress.formats.tflite.sparse_inference.verdict import SparseInference, remark
from edgecompress.recipe import Export
from edgecompress.target import Runtime


@dataclass(frozen=True)
class FileKind:
    """How the files of one format are run."""

    format: Literal["onnx", "tflite"]
    runtime: Runtime
    layout: Layout
    write: Callable[..., Ledger]


KINDS = (
    FileKind("onnx", "onnxruntime", "channels_first", write_onnx),
    FileKind("tflite", "litert", "channels_last", write_tflite),
)


def written(
    graph: ir.Model, path: Path, kind: FileKind, settings: Export, *, compress: bool
) -> tuple[Ledger, SparseInference | None]:
    """Write the network as it is, and see that a compressed TFLite file is right on processors without AVX.

    Raises:
        NoFormError: the format cannot express it.
        CheckError: the file is wrong on such processors.
    """
    write = writer(graph, path, kind, settings, compress=compress)
    try:
        return (write(), None) if kind.format == "onnx" or not compress else _right_everywhere(write, path, settings)
    except MissingDependencyError:
        raise
    except InputError as error:
        raise NoFormError(str(error)) from error


def writer(graph: ir.Model, path: Path, kind: FileKind, settings: Export, *, compress: bool) -> Callable[..., Ledger]:
    """What writes the file; keywords are options of its format."""
    is_onnx = kind.format == "onnx"
    options: dict[str, object] = {} if is_onnx else {"weights": settings.tflite_weights, "shifts": settings.shifts}
    return partial(kind.write, graph, path, compress=compress, encoding=settings.encoding, **options)


def _right_everywhere(write: Callable[..., Ledger], path: Path, settings: Export) -> tuple[Ledger, SparseInference]:
    """Write a compressed TFLite file and see that it is right on processors without AVX.

    One that sparse inference should take and that is wrong with it is written again so that it stays off.

    Raises:
        CheckError: the file is wrong there all the same.
    """
    ledger = write(sparse_inference=settings.sparse_inference)
    try:
        verdict = emulated.prove(path)
    except emulated.SparseInferenceError:
        if not settings.sparse_inference:
            raise
        return write(sparse_inference=False), emulated.prove(path)
    if verdict.state == "on":
        ledger = ledger.model_copy(update={"remarks": (remark(verdict), *ledger.remarks[1:])})
    return ledger, verdict
