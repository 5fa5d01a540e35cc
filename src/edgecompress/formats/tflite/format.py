"""TFLite, run by LiteRT."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.equivalence.proof import Proof, Shapes
from edgecompress.formats.contract import ROUNDED, Array, Arrays, FileSignature, Format
from edgecompress.formats.ecz.found import Found, FoundArray
from edgecompress.formats.tflite import arrays, everywhere, model_file, pack
from edgecompress.formats.tflite.attempts import text
from edgecompress.formats.tflite.float16 import write_float16
from edgecompress.formats.tflite.inspection import decoded_weights_tflite, inspect_tflite
from edgecompress.formats.tflite.int8.quantize import write_int8
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.formats.tflite.runtimes import runtimes
from edgecompress.recipe import Export

Floats = npt.NDArray[np.float32]
IDENTIFIER = b"TFL3"  # at byte 4 of the file, where a flatbuffer has its identifier


def is_tflite(start: bytes) -> bool:
    """Return whether a file that starts so is TFLite."""
    return start[4:] == IDENTIFIER


def _options(settings: Export) -> Mapping[str, Any]:
    return {"weights": settings.tflite_weights, "shifts": settings.shifts}


def _read(path: Path) -> Iterator[tuple[str, Array]]:
    yield from decoded_weights_tflite(path).items()


def _same(path: Path, source: Path, *, shapes: Shapes | None) -> tuple[Proof, int | None]:
    return pack.same(path, source, shapes=shapes), None


def _signature(path: Path) -> FileSignature:
    with model_file.parsed(path) as model, model_file.damage(path):
        graph = model.subgraphs[0]
        shapes = {
            text(graph.tensors[index].name): tuple(int(size) for size in graph.tensors[index].shape)
            for index in graph.inputs
        }
        return FileSignature(shapes, [text(graph.tensors[index].name) for index in graph.outputs])


def _arrays(data: Any) -> tuple[Sequence[Found], Mapping[str, Sequence[FoundArray]]]:
    return arrays.find(data), {}


def _int8(
    model: ir.Model, path: Path, inputs: Floats, *, compress: bool, encoding: Mode
) -> tuple[Ledger, Arrays | None]:
    """A byte a weight, ``compress`` or not: LiteRT reads no sparse int8."""
    del compress, encoding
    return write_int8(model, path, inputs), None


def _float16(model: ir.Model, path: Path, _: Floats, *, compress: bool, encoding: Mode) -> tuple[Ledger, Arrays | None]:
    """Weights in float16, ``compress`` or not: XNNPACK takes it for the sign to compute in it."""
    del compress
    return write_float16(model, path, encoding=encoding), None


FORMAT = Format(
    name="tflite",
    title="TFLite",
    runtime="litert",
    package="ai-edge-litert",
    layout="channels_last",
    tolerances=ROUNDED,
    write=write_tflite,
    read=_read,
    inspect=inspect_tflite,
    pack=pack.pack_tflite,
    same=_same,
    signature=_signature,
    runs_in=runtimes,
    arrays=_arrays,
    recognise=is_tflite,
    options=_options,
    partial=True,
    skips_zeros=True,
    int8=_int8,
    float16=_float16,
    finish=everywhere.finish,
    elsewhere=everywhere.prove,
)
