"""``edgecompress report``: all records together, as one page."""

import importlib
from pathlib import Path
from typing import Annotated

import typer

from edgecompress.cli import console


def report(
    records: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Records, or folders to look through: bundles, benchmarks, searches, studies. Default: this folder.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write. Default: report.html, .md or .csv here.")
    ] = None,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            help="html: one page with everything in it. markdown: the tables. csv: every figure. terminal: printed, "
            "unless --output names a file.",
        ),
    ] = "html",
) -> None:
    """Make one report of many records: the paper beside what was reproduced and measured, sizes, latency, layers.

    Example: edgecompress report dist results -o report.html
    """
    with console.long_work("nothing was written"):
        from edgecompress import heap, methods
        from edgecompress.record import check_file, write_atomically
        from edgecompress.report.found import find
        from edgecompress.report.whole import whole

        write = methods.find(console.WRITERS, format_)
        path = output or Path(f"report{importlib.import_module(write.__module__).SUFFIX}")
        printed = format_ == console.TERMINAL and output is None
        if not printed:
            check_file(path)
        with heap.uncollected():
            document = whole(find(records or [Path()]))
            text = write(document, path.parent)
            if not printed:
                write_atomically(path, text)
    for note in document.left_out:
        console.warn(note)
    console.say(text.rstrip() if printed else f"{path}: {document.made}")
