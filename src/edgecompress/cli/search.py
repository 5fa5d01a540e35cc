"""``edgecompress search``: the smallest file whose accuracy holds."""

import shlex
from functools import partial
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
    FORMAT,
    LOSS,
    METRIC,
    MODEL,
    RECIPE_ENCODING,
    STORE,
    values,
)
from edgecompress.errors import CheckError


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
    format_: FORMAT = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
) -> None:
    """Find the sparsity and bits of each layer that make the smallest file whose validation accuracy holds.

    Example: edgecompress search --model alexnet --max-drop 0.5 --target rpi4
    """
    with console.long_work("the same command goes on from the last finished trial") as progress:
        from edgecompress.library.searching import search as run
        from edgecompress.report.search import search as report
        from edgecompress.report.summary import summary
        from edgecompress.search.records import SearchRecord
        from edgecompress.workflows.search import FRONT, RECIPE

        show = console.writer(format_)
        pending: list[SearchRecord] = []  # of one document; a terminal shows each at once

        def show_record(record: SearchRecord) -> None:
            if as_json:
                console.say(record.to_json().rstrip(), as_json=True)
            elif format_ == console.TERMINAL:
                show(report([record]))
            else:
                pending.append(record)

        try:
            found = run(
                model,
                data,
                max_drop=max_drop,
                size_budget=size_budget,
                trials=trials,
                macs=values(macs, float) if macs else (),
                target=target,
                recipe=recipe,
                changes=set_ or (),
                checkpoint=checkpoint,
                loss=loss,
                metric=metric,
                better=better,
                encoding=encoding,
                output=output,
                data_dir=data_dir,
                cache=cache_dir,
                download=download,
                eval_samples=eval_samples,
                storage=storage,
                workers=workers,
                devices=values(device, str) if device else (),
                mode=mode,
                store=store,
                progress=progress,
                warn=console.warn,
                on_record=show_record,
            )
        except CheckError:
            if pending:
                show(report(pending))
            raise
    if as_json:
        return
    show(report(pending, found.front))
    say = partial(console.aside, format_=format_)
    say(f"recipe: {found.folder / RECIPE}, front: {found.folder / FRONT}")
    if found.built:
        folder, manifest = found.built
        if format_ == console.TERMINAL:
            console.say("")
            show(summary(manifest))
        say(f"bundle: {folder}; measure it: edgecompress bench {folder}")
    else:
        given = ["--model", model, "--data", found.data]
        given += ["--recipe", str(found.folder / RECIPE)]
        for option, value in (("checkpoint", checkpoint), ("loss", loss), ("metric", metric), ("better", better)):
            given += [f"--{option}", str(value)] if value else []
        say(f"Build it: edgecompress build --target BOARD {shlex.join(given)}")
