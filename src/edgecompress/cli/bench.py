"""``edgecompress bench``: measure a bundle on a device."""

from pathlib import Path
from typing import Annotated

import typer

from edgecompress import methods
from edgecompress.cli import console

WRITERS = "edgecompress.report.writers"


def bench(
    bundle: Annotated[Path, typer.Argument(help="A folder that 'edgecompress build' wrote.")],
    device: Annotated[
        str, typer.Option(help="Where: local, ssh://user@host, adb:SERIAL, a registered device's name, or a target's.")
    ] = "local",
    mode: Annotated[
        str, typer.Option(help="quick: at least 100 runs a file. standard: at least 1024 runs and 60 s, settled first.")
    ] = "standard",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the runtime. Default: the target's.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The record's file. Default: BUNDLE/bench/DEVICE-TIME.json.")
    ] = None,
    report: Annotated[str, typer.Option(help="How to print the result: terminal, markdown or csv.")] = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
) -> None:
    """Run the agent on a device: latency, load time, memory, size and accuracy of every model file of a bundle."""
    with console.long_work("what was measured until now is kept; the same command goes on") as progress:
        from edgecompress import bundle as bundle_room
        from edgecompress.bench import run

        write = methods.find(WRITERS, report)
        record, path = run.bench(bundle, device=device, mode=mode, threads=threads, output=output, progress=progress)
        manifest = bundle_room.load(bundle)
    if as_json:
        typer.echo(record.to_json().rstrip())
        return
    typer.echo(write(record, manifest).rstrip())
    typer.echo(f"record: {path}")
