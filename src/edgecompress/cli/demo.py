"""``edgecompress demo``: the whole way once, on data that are in the package."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.options import CACHE_DIR, STORE
from edgecompress.library.extras import check_extras

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecompress.library.running import RunResult
    from edgecompress.report.document import Document

MODEL, DATA, TARGET, RECIPE = "alexnet", "digits", "rpi4", "alexnet-digits+rate"


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The bundle's folder; the page lies beside it, as FOLDER.html.")
    ] = Path("dist/demo"),
    cache_dir: CACHE_DIR = None,
    store: STORE = None,
) -> None:
    """Build AlexNet on the embedded digits for a Raspberry Pi 4, measure it on this machine, and make a page of it.

    Takes about two minutes on two cores, and nothing from the network.

    Example: edgecompress demo
    """
    check_extras()  # before the library is imported, which needs the first of them
    with console.long_work("the same command goes on from the last finished epoch") as progress:
        from edgecompress.library.running import run

        made = run(
            MODEL,
            DATA,
            target=TARGET,
            recipe=RECIPE,
            output=output,
            cache=cache_dir,
            store=store,
            progress=progress,
            warn=console.warn,
        )
    show(made, console.writer(console.TERMINAL), console.TERMINAL)


def show(made: "RunResult", write: "Callable[[Document], None]", format_: str) -> None:
    """Print what was built, how small, right and fast it is in a sentence each, and where the page is."""
    from dataclasses import replace

    from edgecompress.report.nutshell import sentences
    from edgecompress.report.summary import summary

    document = replace(summary(made.bundle.manifest), conclusion=tuple(sentences(made.record, made.bundle.manifest)))
    write(document)
    if made.missing:
        console.warn(f"the page is Markdown: HTML needs {made.missing}, pip install 'edgecompress[report]'")
    console.aside(f"bundle: {made.bundle.path}", format_)
    console.aside(f"page: {made.page}", format_)
