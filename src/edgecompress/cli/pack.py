"""``edgecompress pack``: any model file, smaller."""

from pathlib import Path
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.options import ENCODING, Mode


def pack(
    file: Annotated[Path, typer.Argument(help="An .onnx or .tflite file, from any tool.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="The file to write: of the same format, to run as it is, or .ecz: a container to store or send.",
        ),
    ],
    encoding: Annotated[Mode, typer.Option(help=ENCODING)] = "smallest",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result and its ledger as JSON.")] = False,
) -> None:
    """Write the smallest file that holds the same model: its weights bit by bit, proved before it appears."""
    with console.long_work("nothing was written; start again") as progress:
        from edgecompress.export import pack as packer
        from edgecompress.report import packed as report

        made = packer.pack(file, output, encoding=encoding, progress=progress)
    typer.echo(made.to_json().rstrip() if as_json else report.packed(made, file, output))
