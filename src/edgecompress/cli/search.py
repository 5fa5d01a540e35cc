"""``edgecompress search``: the smallest file whose accuracy holds."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.options import (
    BETTER,
    CACHE_DIR,
    CHECKPOINT,
    DATA,
    DATA_DIR,
    DOWNLOAD,
    EVAL_SAMPLES,
    LOSS,
    METRIC,
    MODEL,
    RECIPE_ENCODING,
    STORE,
    values,
)
from edgecompress.errors import InputError

DEFAULT_DROP, MOST_POINTS = 0.5, 100
"""Points of validation accuracy."""


def search(
    model: MODEL = "alexnet",
    data: DATA = None,
    loss: LOSS = None,
    metric: METRIC = None,
    better: BETTER = None,
    max_drop: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Points of validation accuracy that may be lost, 0.5 by default. With --metric, or --loss alone: by "
            "how much that may be worse, in its own units; it has no default then.",
            show_default=False,
        ),
    ] = None,
    size_budget: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Most bytes of the ONNX file: 300kB is 300,000, 300KiB 307,200."),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="How many choices to try with few training steps.")] = 40,
    macs: Annotated[
        str | None,
        typer.Option(
            metavar="FRACTIONS",
            help="Remove channels too: fractions of the arithmetic to search with, as 1,0.5,0.25.",
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Of the trials: a database, or a journal file. Default: a file in the cache folder."
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that take trials. The same command elsewhere, with --storage, joins.")
    ] = 1,
    device: Annotated[
        str | None,
        typer.Option(
            help="Build the front and measure it on these boards, as bench's --device; one at a time on each."
        ),
    ] = None,
    mode: Annotated[str, typer.Option(help="Of these measurements, as bench's --mode.")] = "standard",
    recipe: Annotated[
        str | None,
        typer.Option(help="Where to start, as for build. Default: the model's and data's own."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a recipe key, as search.steps=400."),
    ] = None,
    checkpoint: CHECKPOINT = None,
    encoding: RECIPE_ENCODING = None,
    target: Annotated[
        str | None, typer.Option(help="Build the bundle too, for this board: a name of 'edgecompress targets'.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The folder of search.json, recipe.toml, bundle. Default: dist/MODEL-DATA-search."
        ),
    ] = None,
    data_dir: DATA_DIR = None,
    cache_dir: CACHE_DIR = None,
    download: DOWNLOAD = True,
    eval_samples: EVAL_SAMPLES = None,
    store: STORE = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
) -> None:
    """Find the sparsity and bits of each layer that make the smallest file whose validation accuracy holds.

    Example: edgecompress search --model alexnet --max-drop 0.5 --target rpi4
    """
    with console.long_work("the same command goes on from the last finished trial") as progress:
        from edgecompress import bundle
        from edgecompress.report import search as report
        from edgecompress.report import summary
        from edgecompress.search.limits import Limits
        from edgecompress.search.records import SearchRecord
        from edgecompress.search.sizes import parse_size
        from edgecompress.store.keep import keep
        from edgecompress.workflows import search
        from edgecompress.workflows.request import Request

        def tell(record: SearchRecord) -> None:
            keep(record, store, file=None, warn=console.warn)
            if as_json:
                console.say(record.to_json().rstrip(), as_json=True)
            else:
                report.search(record)

        request = Request(
            target=target or "host",
            model=model,
            data=data,
            recipe=recipe,
            changes=tuple(set_ or ()),
            checkpoint=checkpoint,
            loss=loss,
            metric=metric,
            better=better,
            encoding=encoding,
            output=output,
            data_dir=data_dir,
            cache_dir=cache_dir,
            download=download,
            eval_samples=eval_samples,
        )
        limits = Limits(
            _max_drop(max_drop, own=bool(loss or metric)), parse_size(size_budget) if size_budget else None, trials
        )
        how = search.How(
            macs=values(macs, float) if macs else (),
            storage=storage,
            workers=workers,
            devices=values(device, str) if device else (),
            mode=mode,
        )
        found = search.search(
            request, limits, how, builds=target is not None, progress=progress, warn=console.warn, tell=tell
        )
        if found.built:
            keep(found.built[1], store, file=found.built[0] / bundle.MANIFEST, warn=console.warn)
    if as_json:
        return
    report.front(found.front)
    console.say(f"\nrecipe: {found.folder / search.RECIPE}, front: {found.folder / search.FRONT}")
    if found.built:
        console.say(f"\n{summary.summary(found.built[1], found.built[0])}")
    else:
        given = ["--model", model, "--data", request.data_named]
        given += ["--recipe", str(found.folder / search.RECIPE)]
        for option, value in (("checkpoint", checkpoint), ("loss", loss), ("metric", metric), ("better", better)):
            given += [f"--{option}", str(value)] if value else []
        console.say(f"Build it: edgecompress build --target BOARD {shlex.join(given)}")


def _max_drop(given: float | None, *, own: bool) -> float:
    """The most that may be lost; ``own``: of a metric or a loss of the user's own.

    Raises:
        InputError: nobody can say what it is, or that it is so.
    """
    if given is None and own:
        raise InputError("--max-drop is in the units of your metric, and has no default: say how much worse it may be")
    if given is not None and given > MOST_POINTS and not own:
        raise InputError(f"--max-drop {given:g} is more points than there are; give 0 to {MOST_POINTS}")
    return DEFAULT_DROP if given is None else given
