"""``edgecompress run``: from a network to a table of a board, in one command."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.consent import allowed
from edgecompress.cli.demo import show
from edgecompress.cli.options import (
    BETTER,
    CACHE_DIR,
    CHECKPOINT,
    DATA,
    DATA_DIR,
    DOWNLOAD,
    FORMAT,
    LOSS,
    METRIC,
    RECIPE,
    SET,
    STORE,
)
from edgecompress.errors import InputError
from edgecompress.library.extras import check_extras

if TYPE_CHECKING:
    from edgecompress.library.bundles import Bundle


def run(
    model: Annotated[
        str, typer.Argument(help="A built-in network's name, package.module:factory, or an .onnx or .pt2 file.")
    ],
    data: DATA = None,
    device: Annotated[
        str, typer.Option(help="Where it is measured: local, a registered device's name, or ssh://user@host.")
    ] = "local",
    target: Annotated[
        str | None,
        typer.Option(help="The board that it is built for. Default: the one that the device is registered as."),
    ] = None,
    recipe: RECIPE = None,
    set_: SET = None,
    checkpoint: CHECKPOINT = None,
    loss: LOSS = None,
    metric: METRIC = None,
    better: BETTER = None,
    run_metric: Annotated[
        bool, typer.Option("--run-metric", help="Show the metric, and have the device run it, if it is of NumPy alone.")
    ] = False,
    mode: Annotated[str, typer.Option(help="Of the benchmark: quick, standard or sustained.")] = "quick",
    allow_noisy: Annotated[
        bool, typer.Option("--allow-noisy", help="Accept times that were disturbed. Mode quick accepts them always.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The bundle's folder. Default: dist/MODEL-DATA-TARGET.")
    ] = None,
    data_dir: DATA_DIR = None,
    cache_dir: CACHE_DIR = None,
    download: DOWNLOAD = True,
    store: STORE = None,
    format_: FORMAT = "terminal",
) -> None:
    """Set a device up where that is missing, build a bundle for it, measure it there, and write a page.

    Example: edgecompress run trained.onnx --data samples.npz --device kitchen
    """
    check_extras()  # before the library is imported, which needs the first of them
    write = console.writer(format_)
    with console.long_work("the same command goes on from the last finished step") as progress:
        from edgecompress.bench.validity import accept
        from edgecompress.library.running import run as run_all

        made = run_all(
            model,
            data,
            device=device,
            target=target,
            recipe=recipe,
            changes=set_ or (),
            checkpoint=checkpoint,
            loss=loss,
            metric=metric,
            better=better,
            run_metric=partial(_allowed, device=device) if run_metric else False,
            mode=mode,  # type: ignore[arg-type]  # any text: what is wrong with it is said there
            output=output,
            data_dir=data_dir,
            cache=cache_dir,
            download=download,
            store=store,
            progress=progress,
            warn=console.warn,
        )
    show(made, write, format_)
    accept(made.record.validity, mode, allow_noisy=allow_noisy)


def _allowed(made: "Bundle", device: str) -> str | None:
    """The checksum of the metric's source, which is shown; ``None``, and a warning: no device can run it."""
    try:
        return allowed(made.path, True, device)
    except InputError as error:
        console.warn(str(error))
        return None
