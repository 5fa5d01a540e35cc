"""``edgecompress build``: from a network and data to a bundle."""

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
    SET,
    STORE,
)


def build(
    target: Annotated[str, typer.Option(help="The board: a name of 'edgecompress targets', or a profile's TOML file.")],
    model: MODEL = "alexnet",
    data: DATA = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="A shipped recipe's name, or a TOML file; A+B is A with B's keys over it. Default: the model's and "
            "data's own, with sparse-arm or ethos-u over it where that pays on the board."
        ),
    ] = None,
    set_: SET = None,
    checkpoint: CHECKPOINT = None,
    loss: LOSS = None,
    metric: METRIC = None,
    better: BETTER = None,
    encoding: RECIPE_ENCODING = None,
    max_drop: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Compress until more than so many points of validation accuracy would be lost to the dense network: "
            "the rate (cluster.rate) falls step by step, and the smallest file that holds is taken. The bundle keeps "
            "what was tried.",
        ),
    ] = None,
    from_front: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Take point N of what --max-drop tried for this bundle, without training: give the other options as "
            "they were.",
        ),
    ] = None,
    size_budget: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Most bytes of the file that runs on the board, in place of the profile's limit: 256kB is 256,000. A "
            "bundle over it is refused, before training where it is known.",
        ),
    ] = None,
    arena_budget: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE", help="The same of a microcontroller's tensor arena: the RAM that the network gets."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The bundle's folder. Default: dist/MODEL-DATA-TARGET.")
    ] = None,
    data_dir: DATA_DIR = None,
    cache_dir: CACHE_DIR = None,
    download: DOWNLOAD = True,
    eval_samples: EVAL_SAMPLES = None,
    store: STORE = None,
    format_: FORMAT = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Train, prune, retrain, cluster, export, prove: write a bundle of model files for a board.

    Example: edgecompress build --target rpi4 --model alexnet --data digits
    """
    with console.long_work("the same command goes on from the last finished epoch") as progress:
        from edgecompress.library import bundles
        from edgecompress.report.summary import summary

        show = console.writer(format_)
        made = bundles.build(
            model,
            data,
            target=target,
            recipe=recipe,
            changes=set_ or (),
            max_drop=max_drop,
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
            from_front=from_front,
            size_budget=size_budget,
            arena_budget=arena_budget,
            store=store,
            progress=progress,
            warn=console.warn,
        )
    if as_json:
        console.say(made.manifest.to_json().rstrip(), as_json=True)
    else:
        show(summary(made.manifest))
        further = f"measure it: edgecompress bench {made.path}"
        if made.manifest.target.is_microcontroller:
            further = "compile model_data.cc and main.cc, or serve.cc to measure: edgecompress docs microcontrollers"
        console.aside(f"bundle: {made.path}; {further}", format_)
