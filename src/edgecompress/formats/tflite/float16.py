"""float16 arithmetic for TFLite: an entry in the file's metadata that lets XNNPACK compute in it.

On processors without such instructions the entry changes nothing, and the file is computed in float32. With it XNNPACK
takes no sparse kernels (they exclude each other), so the file is written with those kept off.
"""

from pathlib import Path

import onnx_ir as ir

from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.formats.tflite.inspection import REDUCED_PRECISION
from edgecompress.formats.tflite.network import write_tflite as write

VALUE = b"fp16accfp16"


def write_float16(model: ir.Model, path: Path, *, encoding: Mode) -> Ledger:
    """Write the float32 graph ``model`` to ``path``, weights compressed and rounded to float16, to be computed in it.

    Inputs and outputs stay float32.

    Raises:
        As ``write_tflite``.
    """
    return write(
        model,
        path,
        compress=True,
        encoding=encoding,
        weights="float16",
        sparse_inference=False,
        metadata={REDUCED_PRECISION: VALUE},
    )
