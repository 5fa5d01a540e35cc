"""``edgecompress unpack``: the model in a container, or the plain model of a packed one."""

from pathlib import Path
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.options import FORMAT


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
    format_: FORMAT = "terminal",
) -> None:
    """Write the model in an .ecz container, bit by bit the file that was packed; or a packed .onnx file, dense again.

    The dense file has the same weights, bit by bit: for tools that cannot fold a packed one.

    Example: edgecompress unpack model.ecz -o model.onnx
    """
    with console.long_work("nothing was written; start again") as progress:
        from edgecompress.library.unpacking import unpack as unpack_file
        from edgecompress.report.unpacked import unpacked as report

        show = console.writer(format_)
        written = unpack_file(file, output, force=force, max_ratio=max_ratio, progress=progress)
    show(report(written))
