"""``edgecompress search``: the smallest file whose accuracy holds."""

import shlex
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.options import (
    CACHE_DIR,
    CHECKPOINT,
    DATA,
    DATA_DIR,
    DOWNLOAD,
    EVAL_SAMPLES,
    FORMAT,
    MODEL,
    RECIPE_ENCODING,
    STORE,
    values,
)
from edgecompress.errors import CheckError


def search(
    model: MODEL = "alexnet",
    data: DATA = None,
    max_drop: Annotated[
        float, typer.Option(min=0.0, max=100.0, help="Points of validation accuracy that may be lost.")
    ] = 0.5,
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
    format_: FORMAT = "terminal",
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

        show, told = console.writer(format_), []

        def tell(record: SearchRecord) -> None:
            keep(record, store, file=None, warn=console.warn)
            if as_json:
                console.say(record.to_json().rstrip(), as_json=True)
            elif format_ == console.TERMINAL:
                show(report.search([record]))
            else:
                told.append(record)

        request = Request(
            target=target or "host",
            model=model,
            data=data,
            recipe=recipe,
            changes=tuple(set_ or ()),
            checkpoint=checkpoint,
            encoding=encoding,
            output=output,
            data_dir=data_dir,
            cache_dir=cache_dir,
            download=download,
            eval_samples=eval_samples,
        )
        limits = Limits(max_drop, parse_size(size_budget) if size_budget else None, trials)
        how = search.How(
            macs=values(macs, float) if macs else (),
            storage=storage,
            workers=workers,
            devices=values(device, str) if device else (),
            mode=mode,
        )
        try:
            found = search.search(
                request, limits, how, builds=target is not None, progress=progress, warn=console.warn, tell=tell
            )
        except CheckError:
            if told:
                show(report.search(told))
            raise
        if found.built:
            keep(found.built[1], store, file=found.built[0] / bundle.MANIFEST, warn=console.warn)
    if as_json:
        return
    show(report.search(told, found.front))
    say = partial(console.aside, format_=format_)
    say(f"\nrecipe: {found.folder / search.RECIPE}, front: {found.folder / search.FRONT}")
    if found.built:
        say(f"\n{summary.summary(found.built[1], found.built[0])}")
    else:
        given = ["--model", model, "--data", request.data_named]
        given += ["--recipe", str(found.folder / search.RECIPE)]
        given += ["--checkpoint", str(checkpoint)] if checkpoint else []
        say(f"Build it: edgecompress build --target BOARD {shlex.join(given)}")
