"""``edgecompress study``: grids of builds."""

from typing import Annotated, Literal

import typer

from edgecompress.cli import console
from edgecompress.cli import help as help_page
from edgecompress.cli.options import CACHE_DIR, DATA_DIR, DOWNLOAD, FORMAT, STORE, values
from edgecompress.errors import CheckError
from edgecompress.study import grid

DISTILL = {"off": (False,), "on": (True,), "both": (False, True)}
app = help_page.group("Compute grids of builds, and keep a record of each cell.")


@app.callback()
def study() -> None:
    """Compute grids of builds, and keep a record of each cell."""


@app.command(cls=help_page.Command)
def paper(
    models: Annotated[str, typer.Option(help="Networks, with commas between.")] = ",".join(grid.MODELS),
    data: Annotated[str, typer.Option(help="Data sets.")] = ",".join(grid.DATA),
    sparsity: Annotated[str, typer.Option(help="Fractions of the weights that go.")] = ",".join(
        map(str, grid.SPARSITIES)
    ),
    methods: Annotated[str | None, typer.Option(help="Clustering methods. Default: all, kmeans first.")] = None,
    bits: Annotated[str, typer.Option(help="Bits of a clustered weight.")] = ",".join(map(str, grid.BITS)),
    distill: Annotated[
        Literal["off", "on", "both"], typer.Option(help="Whether to learn from the baseline's outputs too.")
    ] = "both",
    seeds: Annotated[str, typer.Option(help="Seeds.")] = ",".join(map(str, grid.SEEDS)),
    recipe: Annotated[
        str | None, typer.Option(help="One recipe for all cells. Default: each model's and data's own.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of each recipe.")
    ] = None,
    epochs_scale: Annotated[
        float, typer.Option(min=0.0, max=10.0, help="Multiply every stage's epochs by this. The records say so.")
    ] = 1.0,
    train_samples: Annotated[
        int | None, typer.Option(min=1, help="Train on so many samples. The records say so. Default: all.")
    ] = None,
    prove: Annotated[bool, typer.Option(help="Run each file in its runtime, compare it, and measure latency.")] = True,
    budget: Annotated[
        float | None, typer.Option(min=0.0, metavar="MINUTES", help="Start no cell after so many minutes.")
    ] = None,
    smoke: Annotated[
        bool, typer.Option(help="Tiny networks and data, every value of every axis once, in minutes: no results.")
    ] = False,
    output: Annotated[
        str, typer.Option("--output", "-o", help="Folder or URL of the records and their index.")
    ] = "results/study",
    artefacts: Annotated[
        str | None, typer.Option(metavar="URL", help="Keep finished stages there too, for other machines.")
    ] = None,
    engine: Annotated[Literal["local", "ray"], typer.Option(help="Who computes the cells.")] = "local",
    address: Annotated[
        str | None, typer.Option(help="Of a Ray cluster; 'auto' is the one here. Default: one is started.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Cells at once. Default: by GPUs, or by cores.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of each. Default: a fair part.")] = None,
    data_dir: DATA_DIR = None,
    cache_dir: CACHE_DIR = None,
    download: DOWNLOAD = True,
    store: STORE = None,
    format_: FORMAT = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="Print the index as JSON.")] = False,
) -> None:
    """Prune and cluster the paper's networks on its data, one record a cell; what is there is not computed again.

    Example: edgecompress study paper --models alexnet --data uci-har --budget 60
    """
    with console.long_work("the same command goes on from the last finished stage") as progress:
        from edgecompress.library.studying import study as run
        from edgecompress.report.study import study as report

        show = console.writer(format_)
        index, records = run(
            values(models, str),
            values(data, str),
            sparsities=values(sparsity, float),
            methods=values(methods, str) if methods else None,
            bits=values(bits, int),
            distill=DISTILL[distill],
            seeds=values(seeds, int),
            recipe=recipe,
            changes=set_ or (),
            epochs_scale=epochs_scale,
            train_samples=train_samples,
            prove=prove,
            budget_minutes=budget,
            smoke=smoke,
            output=output,
            artefacts=artefacts,
            engine=engine,
            address=address,
            workers=workers,
            threads=threads,
            data_dir=data_dir,
            cache=cache_dir,
            download=download,
            store=store,
            progress=progress,
            warn=console.warn,
        )
    if as_json:
        console.say(index.to_json().rstrip(), as_json=True)
    else:
        show(report(index, records))
        console.aside(f"records: {output}", format_)
    failed = [entry for entry in index.cells if entry.state == "failed"]
    if failed:
        raise CheckError(f"{len(failed)} of {len(index.cells)} cells failed; their records in {output} say why")
