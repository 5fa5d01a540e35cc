"""Model files from Python: packed, and looked into."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.errors import InputError
from edgecompress.export import inspect as reader
from edgecompress.export import pack as packer
from edgecompress.export.microcontroller.pack import pack_decoding
from edgecompress.export.pack import PackResult
from edgecompress.library.paths import StrPath
from edgecompress.progress import Progress, silent


def pack(
    path: StrPath,
    out: StrPath,
    encoding: Mode = "smallest",
    *,
    shapes: Mapping[str, Sequence[int]] | None = None,
    any_gain: bool = False,
    runtime: Literal["tflite-micro"] | None = None,
    largest: int | None = None,
    progress: Progress = silent,
) -> PackResult:
    """Write the smallest file that holds the same model, its weights bit by bit the same.

    Args:
        path: An .onnx or .tflite file, from any tool.
        out: The file to write: of the same format, to run as it is, or .ecz, a container to store or send.
        encoding: ``fast-load``: only what is decoded in one pass at load. ``smallest``: entropy codes too.
        shapes: Of inputs, by name, to compare outputs on; without them, sizes that the file leaves free are guessed.
        any_gain: Take whatever is smaller, also below 3 % and where it costs more at load.
        runtime: ``tflite-micro``: an int8 .tflite file for TensorFlow Lite Micro, which decodes weights while it runs.
            Default: a file for every runtime of its format.
        largest: With ``tflite-micro``, bytes of a weight that may be decoded at once: larger layers are cut into parts,
            which takes less RAM and a little more flash. Default: a layer at once.
        progress: Called with every step.

    Returns:
        Sizes, the ledger of what was written, and what its proof compared.

    Raises:
        InputError: ``path`` cannot be read or is no model, or ``out`` is of another format.
        CheckError: What was written is not the source's equal; there is no file.
    """
    if runtime is not None:
        if shapes or any_gain:
            raise InputError(
                "shapes and any gain are of files for every runtime: leave them out, or leave the runtime out"
            )
        return pack_decoding(Path(path), Path(out), encoding=encoding, largest=largest, progress=progress)
    if largest is not None:
        raise InputError(
            "the largest weight to decode is of files for tflite-micro: give that as the runtime, or leave it out"
        )
    given = {name: tuple(sizes) for name, sizes in (shapes or {}).items()}
    return packer.pack(Path(path), Path(out), encoding=encoding, progress=progress, shapes=given, any_gain=any_gain)


def inspect(path: StrPath) -> Ledger:
    """The ledger of an .onnx or .tflite file: of each weight its shape, zeros, distinct values, encoding and bytes.

    Raises:
        InputError: The file cannot be read, or is no model.
    """
    return reader.inspect(Path(path))
