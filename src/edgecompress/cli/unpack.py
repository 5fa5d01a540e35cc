"""``edgecompress unpack``: the model in a container, or the plain model of a packed one."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecompress import temporary
from edgecompress.cli import console
from edgecompress.errors import InputError

if TYPE_CHECKING:
    from edgecompress.agent.ecz import Entry


def unpack(
    file: Annotated[Path, typer.Argument(help="An .ecz container, or an .onnx file that pack wrote.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The model file to write, or a folder for it; without it, the name in the container, here.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    max_ratio: Annotated[
        float | None, typer.Option(min=1, help="The most bytes to write for one of the container. Default: 1000.")
    ] = None,
) -> None:
    """Write the model in an .ecz container, bit by bit the file that was packed; or a packed .onnx file, dense again.

    The dense file has the same weights, bit by bit: for tools that cannot fold a packed one.

    Example: edgecompress unpack model.ecz -o model.onnx
    """
    if not _is_container(file):
        _plain(file, output, force=force)
        return
    from edgecompress.agent import ecz
    from edgecompress.agent.ecz import limits

    try:
        entries = ecz.contents(file)
        named = output is not None and not output.is_dir()
        target = output if output is not None and named else (output or Path()) / entries[0].name
        _check_names(file, entries[named:], is_data=named)
        # The model may have any name that the user gives it; what goes beside it has the container's.
        paths = [target, *(target.with_name(entry.name) for entry in entries[1:])]
        for path in paths:
            if os.path.lexists(path) and (not force or path.is_dir()):
                raise InputError(f"{path} exists already; replace it with --force, or name another place with --output")
        if target.exists() and target.samefile(file):
            raise InputError(f"{target} is the container itself; give the model another name")
        target.parent.mkdir(parents=True, exist_ok=True)
        with console.long_work("nothing was written; start again") as progress, temporary.folder(beside=target) as made:
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
    for path in paths:
        console.say(f"{path}: {path.stat().st_size:,} bytes")


def _plain(file: Path, output: Path | None, *, force: bool) -> None:
    """Write the dense model of a packed .onnx file.

    Raises:
        InputError: no output is named, or it is there already.
    """
    if output is None:
        raise InputError(f"name the dense file: edgecompress unpack {file} --output dense.onnx")
    if os.path.lexists(output) and (not force or output.is_dir()):
        raise InputError(f"{output} exists already; replace it with --force, or name another place with --output")
    with console.long_work("nothing was written; start again"):
        from edgecompress.export import unpack as unpacker

        unpacker.unpack(file, output)
    console.say(f"{output}: {output.stat().st_size:,} bytes")


def _check_names(file: Path, entries: list["Entry"], *, is_data: bool) -> None:
    """See that what only the container names is called as a model's files are.

    Raises:
        InputError: it is not; nothing is written.
    """
    from edgecompress.agent import ecz

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
        raise InputError(
            f"{path} exists already; replace it with --force, or name another place with --output"
        ) from error
    except OSError:  # a file system without links
        made.replace(path)


def _is_container(file: Path) -> bool:
    """Return whether a file is a container, or has the name of one."""
    from edgecompress.agent.ecz import limits

    try:
        with file.open("rb") as stream:
            return file.suffix == ".ecz" or stream.read(len(limits.MAGIC)) == limits.MAGIC
    except OSError as error:
        raise InputError(
            f"cannot read {file}: {error.strerror}; give an .ecz container or a packed .onnx file"
        ) from error
