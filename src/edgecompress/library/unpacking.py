"""Packed files and containers, unpacked."""

from pathlib import Path

from edgecompress.errors import InputError
from edgecompress.export.container import check_free, is_container, take_out
from edgecompress.library.paths import StrPath
from edgecompress.progress import Progress, silent


def unpack(
    path: StrPath,
    out: StrPath | None = None,
    *,
    force: bool = False,
    max_ratio: float | None = None,
    progress: Progress = silent,
) -> list[Path]:
    """Write the model in an .ecz container, bit by bit the file that was packed; or a packed .onnx file, dense again.

    The dense file has the same weights, bit by bit: for tools that cannot fold a packed one.

    Args:
        path: A file that ``pack`` wrote.
        out: The file to write, or a folder for what a container holds. Default: the container's own name, here.
        force: Replace files that are there.
        max_ratio: The most bytes to write for one of a container. Default: 1000.
        progress: Called with every step.

    Returns:
        The files that were written, the model first.

    Raises:
        InputError: ``path`` cannot be read, is damaged or is not packed, or ``out`` is there.
        CheckError: What was written does not hold the same weights; there is no file.
    """
    file, target = Path(path), None if out is None else Path(out)
    if is_container(file):
        return take_out(file, target, force=force, max_ratio=max_ratio, progress=progress)
    if target is None:
        raise InputError(f"name the dense file that {file} is to be written to: --output dense.onnx")
    check_free(target, force=force)
    from edgecompress.export import unpack as unpacker  # onnx, which a container does without

    unpacker.unpack(file, target)
    return [target]
