"""Model files from Python: packed, and looked into."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.export import inspect as reader
from edgecompress.export import pack as packer
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
    progress: Progress = silent,
) -> PackResult:
    """Write the smallest file that holds the same model, its weights bit by bit the same.

    Args:
        path: An .onnx or .tflite file, from any tool.
        out: The file to write: of the same format, to run as it is, or .ecz, a container to store or send.
        encoding: ``fast-load``: only what is decoded in one pass at load. ``smallest``: entropy codes too.
        shapes: Of inputs, by name, to compare outputs on; without them, sizes that the file leaves free are guessed.
        any_gain: Take whatever is smaller, also below 3 % and where it costs more at load.
        progress: Called with every step.

    Returns:
        Sizes, the ledger of what was written, and what its proof compared.

    Raises:
        InputError: ``path`` cannot be read or is no model, or ``out`` is of another format.
        CheckError: What was written is not the source's equal; there is no file.
    """
    given = {name: tuple(sizes) for name, sizes in (shapes or {}).items()}
    return packer.pack(Path(path), Path(out), encoding=encoding, progress=progress, shapes=given, any_gain=any_gain)


def inspect(path: StrPath) -> Ledger:
    """The ledger of an .onnx or .tflite file: of each weight its shape, zeros, distinct values, encoding and bytes.

    Raises:
        InputError: The file cannot be read, or is no model.
    """
    return reader.inspect(Path(path))
