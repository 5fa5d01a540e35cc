"""``edgecompress unpack``: the model in a container."""

from pathlib import Path
from typing import Annotated

import typer

from edgecompress.agent import ecz
from edgecompress.cli import console
from edgecompress.errors import InputError


def unpack(
    file: Annotated[Path, typer.Argument(help="An .ecz container.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The model file to write; without it, the name in the container, here."),
    ] = None,
) -> None:
    """Write the model in an .ecz container, bit by bit the file that was packed."""
    try:
        entries = ecz.contents(file)
        target = output or Path(entries[0].name)
        # What the user named may be replaced, as any other output; what only the container names may not.
        unnamed = [target.with_name(entry.name) for entry in entries[1:]] + [target] * (output is None)
        for path in unnamed:
            if path.exists():
                raise InputError(f"{path} exists already; move it away, or name another place with --output")
        with console.long_work("nothing was written; start again") as progress:
            paths = ecz.unpack(file, target, progress=lambda done, total: progress("unpack", done, total))
    except ecz.ContainerError as error:
        raise InputError(str(error)) from error
    for path in paths:
        typer.echo(f"{path}: {path.stat().st_size:,} bytes")
