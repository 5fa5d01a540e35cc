"""Inspecting a model file of any format: by what its first bytes say, not by its name."""

from pathlib import Path

from edgecompress.agent.ecz.limits import MAGIC
from edgecompress.encode.ledger import Ledger
from edgecompress.errors import InputError
from edgecompress.formats.onnx.decoded import inspect_onnx
from edgecompress.formats.tflite.inspection import inspect_tflite

TFLITE_IDENTIFIER = b"TFL3"  # at byte 4 of the file, where a flatbuffer has its identifier


def inspect(path: Path) -> Ledger:
    """The ledger of an ONNX or TFLite file, whoever wrote it.

    Raises:
        InputError: the file cannot be read, or is neither.
    """
    return inspect_tflite(path) if suffix(path) == ".tflite" else inspect_onnx(path)


def suffix(path: Path) -> str:
    """The suffix that a file of its format should have: ``.tflite``, or ``.onnx`` for anything else.

    Raises:
        InputError: the file cannot be read, or is a container.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; give an .onnx or .tflite file") from error
    if start == MAGIC:
        raise InputError(f"{path} is a container; take the model out of it first: edgecompress unpack {path}")
    return ".tflite" if start[4:] == TFLITE_IDENTIFIER or path.suffix == ".tflite" else ".onnx"
