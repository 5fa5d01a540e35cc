"""ONNX, run by onnxruntime."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.formats.contract import EXACT, Arrays, FileSignature, Format
from edgecompress.formats.ecz.found import Found, FoundArray
from edgecompress.formats.graphs import initializers
from edgecompress.formats.onnx import arrays, attempts
from edgecompress.formats.onnx.decoded import each_weight, inspect_onnx
from edgecompress.formats.onnx.float16 import halved
from edgecompress.formats.onnx.int8.quantize import quantized
from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.onnx.pack import pack_onnx, same
from edgecompress.formats.onnx.protobuf import Data
from edgecompress.formats.onnx.read import read_lean
from edgecompress.formats.onnx.run import BATCH
from edgecompress.formats.onnx.unpack import unpack_onnx

Floats = npt.NDArray[np.float32]


def _signature(path: Path) -> FileSignature:
    graph = read_lean(path).proto.graph
    return FileSignature(
        {each.name: each.sizes for each in attempts.inputs(graph)}, [each.name for each in graph.output]
    )


def _arrays(data: Data) -> tuple[Sequence[Found], Mapping[str, Sequence[FoundArray]]]:
    found = arrays.find(data)
    return found.inside, found.external


def _int8(
    model: ir.Model, path: Path, inputs: Floats, *, compress: bool, encoding: Mode
) -> tuple[Ledger, Arrays | None]:
    """The quantised graph as any other."""
    integers = quantized(model, inputs)
    ledger = write_onnx(integers, path, compress=compress, encoding=encoding)
    return ledger, initializers(integers, np.float32, np.int8, np.int32)


def _float16(model: ir.Model, path: Path, _: Floats, *, compress: bool, encoding: Mode) -> tuple[Ledger, Arrays | None]:
    """The graph in float16 as any other."""
    half = halved(model)
    ledger = write_onnx(half, path, compress=compress, encoding=encoding)
    return ledger, initializers(half, np.float16, np.float32)


FORMAT = Format(
    name="onnx",
    title="ONNX",
    runtime="onnxruntime",
    package="onnxruntime",
    layout="channels_first",
    tolerances={"float32": EXACT},
    write=write_onnx,
    read=each_weight,
    inspect=inspect_onnx,
    pack=pack_onnx,
    same=same,
    signature=_signature,
    runs_in=lambda _: ["onnxruntime >= 1.20"],
    arrays=_arrays,
    batch=BATCH,
    unpack=unpack_onnx,
    int8=_int8,
    float16=_float16,
)
