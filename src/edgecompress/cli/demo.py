"""``edgecompress demo``: the whole way once, on data that are in the package."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.options import CACHE_DIR, STORE
from edgecompress.errors import EXTRAS, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecompress.report.document import Document
    from edgecompress.workflows.build_and_bench import Benched

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
    check_extras()
    with console.long_work("the same command goes on from the last finished epoch") as progress:
        from edgecompress.workflows.build_and_bench import build_and_bench
        from edgecompress.workflows.request import Request

        request = Request(target=TARGET, model=MODEL, data=DATA, recipe=RECIPE, output=output, cache_dir=cache_dir)
        made = build_and_bench(request, device="local", mode="quick", store=store, progress=progress, warn=console.warn)
    show(made, console.writer(console.TERMINAL), console.TERMINAL)


def show(made: "Benched", write: "Callable[[Document], None]", format_: str) -> None:
    """Print what was built, how small, right and fast it is in a sentence each, and where the page is."""
    from dataclasses import replace

    from edgecompress.report.nutshell import sentences
    from edgecompress.report.summary import summary

    document = replace(summary(made.manifest), conclusion=tuple(sentences(made.record, made.manifest)))
    write(document)
    if made.missing:
        console.warn(f"the page is Markdown: HTML needs {made.missing}, pip install 'edgecompress[report]'")
    console.aside(f"bundle: {made.folder}", format_)
    console.aside(f"page: {made.page}", format_)


def check_extras() -> None:
    """Make sure that everything is installed before minutes of training, and not when it is needed first.

    Raises:
        MissingDependencyError: the line names the packages that are not there, and the command that brings them.
    """
    wanted = {name: extra for name, extra in EXTRAS.items() if extra in ("train", "bench")}
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if missing:
        extras = ",".join(extra for extra in ("train", "bench") if extra in {wanted[name] for name in missing})
        raise MissingDependencyError(
            f"this needs {', '.join(missing)}, not installed here: pip install 'edgecompress[{extras}]'"
        )
