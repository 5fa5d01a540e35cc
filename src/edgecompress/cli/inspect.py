"""``edgecompress inspect``: what is in a model file."""

import json
from pathlib import Path
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.report import ledger as ledger_report


def inspect(
    file: Annotated[Path, typer.Argument(help="An .onnx or .tflite file, from any tool.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show each weight tensor of a model file: shape, sparsity, distinct values, encoding, bytes, bits a weight."""
    try:
        from edgecompress.export import inspect as reader

        ledger = reader.inspect(file)
    except ModuleNotFoundError as error:
        raise console.needs_extra(error) from error
    if as_json:
        typer.echo(json.dumps(ledger_report.document(ledger), indent=2))
    else:
        ledger_report.ledger(ledger, name=file.name)
