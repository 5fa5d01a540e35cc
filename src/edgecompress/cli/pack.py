"""``edgecompress pack``: any model file, smaller."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from edgecompress.cli import console
from edgecompress.cli.options import ENCODING, FORMAT, Mode
from edgecompress.errors import InputError


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
    any_gain: Annotated[
        bool,
        typer.Option("--any-gain", help="Take whatever is smaller, also below 3 % and where it costs more at load."),
    ] = False,
    shape: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SIZES",
            help="The shape of an input, as image=1,3,224,224, to compare outputs on; once an input. "
            "Without it, sizes that the file leaves free are guessed.",
        ),
    ] = None,
    runtime: Annotated[
        Literal["tflite-micro"] | None,
        typer.Option(
            help="tflite-micro: an int8 .tflite file for TensorFlow Lite Micro, which decodes weights while it runs. "
            "Default: a file for every runtime of its format.",
            show_default=False,
        ),
    ] = None,
    largest: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="BYTES",
            help="With --runtime tflite-micro: cut layers with more weights into parts, so that these bytes of RAM do "
            "for decoding. Default: a layer at once.",
        ),
    ] = None,
    format_: FORMAT = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result and its ledger as JSON.")] = False,
) -> None:
    """Write the smallest file that holds the same model, its weights bit by bit the same.

    Outputs are compared before it appears; where they cannot be, it says so and why. Packing is the last step: quantise
    and convert before it.

    Example: edgecompress pack trained.onnx -o small.onnx
    """
    shapes = dict(_shape(text) for text in shape or ())
    with console.long_work("nothing was written; start again") as progress:
        from edgecompress.library.files import pack as pack_file
        from edgecompress.report.packed import packed as report

        show = console.writer(format_)
        options: dict[str, Any] = {"shapes": shapes, "any_gain": any_gain, "runtime": runtime, "largest": largest}
        made = pack_file(file, output, encoding, **options, progress=progress)
    if as_json:
        console.say(made.to_json().rstrip(), as_json=True)
    else:
        show(report(made, file, output))


def _shape(text: str) -> tuple[str, tuple[int, ...]]:
    """``image=1,3,224,224`` as a name and a shape; a name may hold any character, ``=`` too."""
    name, _, sizes = text.rpartition("=")
    if not name or not re.fullmatch(r"\d{1,9}([,x]\d{1,9})*", sizes):
        raise InputError(f"--shape {text}: give an input's name and its sizes, as --shape image=1,3,224,224")
    return name, tuple(int(size) for size in re.split("[,x]", sizes))
