"""The way out of a container: the model in it, and data beside the model, under names that the user has agreed to."""

import os
from collections.abc import Sequence
from pathlib import Path

from edgecompress import temporary
from edgecompress.agent import ecz
from edgecompress.agent.ecz import FileEntry, limits
from edgecompress.errors import InputError
from edgecompress.progress import Progress, silent


def is_container(file: Path) -> bool:
    """Return whether a file is a container, or has the name of one.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with file.open("rb") as stream:
            return file.suffix == ".ecz" or stream.read(len(limits.MAGIC)) == limits.MAGIC
    except OSError as error:
        raise InputError(
            f"cannot read {file}: {error.strerror}; give an .ecz container or a packed .onnx file"
        ) from error


def take_out(
    file: Path,
    output: Path | None = None,
    *,
    force: bool = False,
    max_ratio: float | None = None,
    progress: Progress = silent,
) -> list[Path]:
    """Write the model in a container, bit by bit the file that was packed, and the data that were beside it.

    Args:
        file: the container.
        output: the model's file, or a folder for it. ``None``: the name in the container, in the working folder.
        force: replace files that are there.
        max_ratio: the most bytes to write for one of the container. ``None``: ``limits.RATIO``.
        progress: called with every part.

    Returns:
        What was written, the model first.

    Raises:
        InputError: the file is no container or is damaged, what only it names has no name of a model's files, or a
            file is there already. Nothing is written.
    """
    try:
        entries = ecz.contents(file)
        named = output is not None and not output.is_dir()
        target = output if output is not None and named else (output or Path()) / entries[0].name
        _check_names(file, entries[named:], is_data=named)
        # The model may have any name that the user gives it; what goes beside it has the container's.
        paths = [target, *(target.with_name(entry.name) for entry in entries[1:])]
        for path in paths:
            check_free(path, force=force)
        if target.exists() and target.samefile(file):
            raise InputError(f"{target} is the container itself; give the model another name")
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.folder(beside=target) as made:
            ecz.unpack(
                file,
                made / target.name,
                progress=lambda done, total: progress("unpack", done, total),
                max_ratio=max_ratio or limits.RATIO,
            )
            for path in reversed(paths):  # the model after its data
                _put(made / path.name, path, force=force)
    except ecz.ContainerError as error:
        raise InputError(str(error)) from error
    return paths


def check_free(path: Path, *, force: bool) -> None:
    """Make sure that a file may be written.

    Raises:
        InputError: something is there that may not be replaced.
    """
    if os.path.lexists(path) and (not force or path.is_dir()):
        raise InputError(_taken(path))


def _taken(path: Path) -> str:
    return f"{path} exists already; replace it with --force (from Python: force=True), or name another output"


def _check_names(file: Path, entries: Sequence[FileEntry], *, is_data: bool) -> None:
    """Make sure that what only the container names is called as a model's files are.

    Raises:
        InputError: it is not; nothing is written.
    """
    for entry in entries:
        if not ecz.is_model_name(entry.name, is_data=is_data):
            what = "the external data" if is_data else "the model"
            mend = "fetch it from whom you trust" if is_data else "name the model with --output"
            raise InputError(f"{file} calls {what} '{entry.name}', which is no name of a model file: {mend}")
        is_data = True


def _put(made: Path, path: Path, *, force: bool) -> None:
    """Give a file its name; one that has appeared there meanwhile is no more replaced than one that was there."""
    if force:
        made.replace(path)
        return
    try:
        path.hardlink_to(made)
    except FileExistsError as error:
        raise InputError(_taken(path)) from error
    except OSError:  # a file system without links
        made.replace(path)
