"""``edgecompress inspect``: what is in a model file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.options import FORMAT
from edgecompress.errors import EdgecompressError, needs_extra

if TYPE_CHECKING:
    from edgecompress.export.memory import Memory


def inspect(
    file: Annotated[Path, typer.Argument(help="An .onnx or .tflite file, from any tool.")],
    memory: Annotated[
        bool, typer.Option(help="Measure memory too, in a process that loads the file and runs it on noise.")
    ] = True,
    npu: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Compile a .tflite file for this Ethos-U, as ethos-u85-256, and show what Vela estimates: bytes of "
            "encoded weights, SRAM, and operators left to the processor.",
        ),
    ] = None,
    format_: FORMAT = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show each weight tensor of a model file: shape, sparsity, distinct values, encoding, bytes, bits a weight.

    Example: edgecompress inspect model.onnx
    """
    try:
        from edgecompress.export.microcontroller.vela import estimate
        from edgecompress.library.files import inspect as inspect_file
        from edgecompress.report import ledger as ledger_report

        show = console.writer(format_)
        ledger = inspect_file(file)
        measured = _memory(file) if memory else None
        compiled = estimate(npu, file) if npu else None
    except ModuleNotFoundError as error:
        raise needs_extra(error) from error
    if as_json:
        console.say(json.dumps(ledger_report.document(ledger, measured, compiled), indent=2), as_json=True)
    else:
        show(ledger_report.ledger(ledger, file.name, measured, compiled))


def _memory(file: Path) -> "Memory | None":
    """The memory of a process that runs the file; a warning where it cannot be run here."""
    from edgecompress.export.memory import memory

    try:
        return memory(file)
    except EdgecompressError as error:
        console.warn(f"memory was not measured: {error}")
        return None
