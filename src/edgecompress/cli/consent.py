"""The user's consent to code from a bundle: a metric's source, shown in full before any device runs it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.errors import InputError
from edgecompress.plain import one_line

RUN_METRIC = Annotated[
    bool | None,
    typer.Option(
        "--run-metric/--no-run-metric",
        help="Have the device run the bundle's metric.py, which is shown first. Default: asked on a terminal; "
        "elsewhere no, and this machine judges what the device sends back.",
        show_default=False,
    ),
]


def allowed(folder: Path, agreed: bool | None, device: str) -> str | None:
    """Show the metric's source in a bundle; its checksum where the user agrees that a device runs it, else ``None``.

    The bundle's checksums are not looked at: what the user agrees to has the checksum of what they saw.

    Args:
        folder: the bundle.
        agreed: the user's answer; ``None``: they are asked, on a terminal.
        device: the name of whatever is to run it.

    Raises:
        InputError: the folder is no bundle, or it was agreed to a source that is not there.
    """
    from edgecompress import bundle
    from edgecompress.bench.consent import metric_source

    if agreed is False:
        return None
    manifest = bundle.manifest_of(folder)
    try:
        source = metric_source(manifest, folder)
    except InputError:
        if agreed:
            raise
        return None
    if agreed is None and not (sys.stdin.isatty() and sys.stderr.isatty()):
        console.complain(
            f"this machine judges by {source.function}, of what {device} sends back: --run-metric has {device} run "
            f"{source.path} instead, which is of NumPy alone"
        )
        return None
    count = len(source.lines)
    console.listing(f"{source.path} ({count} lines, SHA-256 {source.sha256}), which {device} would run:", source.lines)
    if agreed or _confirmed(f"Run {source.function} of it on {device}? No: this machine judges"):
        return source.sha256
    return None


def _confirmed(question: str) -> bool:
    try:
        return typer.confirm(one_line(question), err=True)
    except typer.Abort:
        raise typer.Exit(130) from None
