"""A study from Python, as ``edgecompress study`` runs it."""

from collections.abc import Sequence

from edgecompress.errors import InputError
from edgecompress.library.paths import StrPath, path_of
from edgecompress.library.warned import Warn, warned
from edgecompress.progress import Progress, silent
from edgecompress.store.keep import keep
from edgecompress.store.place import NONE
from edgecompress.study import grid
from edgecompress.study.engines.contract import Workers
from edgecompress.study.plan import StudyPlan
from edgecompress.study.records import CellRecord, StudyIndex
from edgecompress.workflows import study as workflow


def study(
    models: Sequence[str] = grid.MODELS,
    data: Sequence[str] = grid.DATA,
    *,
    sparsities: Sequence[float] = grid.SPARSITIES,
    methods: Sequence[str] | None = None,
    bits: Sequence[int] = grid.BITS,
    distill: Sequence[bool] = (False, True),
    seeds: Sequence[int] = grid.SEEDS,
    recipe: str | None = None,
    changes: Sequence[str] = (),
    epochs_scale: float = 1.0,
    train_samples: int | None = None,
    prove: bool = True,
    budget_minutes: float | None = None,
    smoke: bool = False,
    output: str = "results/study",
    artefacts: str | None = None,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
    threads: int | None = None,
    data_dir: StrPath | None = None,
    cache: StrPath | None = None,
    download: bool = True,
    store: str | None = NONE,
    progress: Progress = silent,
    warn: Warn | None = None,
) -> tuple[StudyIndex, list[CellRecord]]:
    """Prune and cluster networks over a grid of settings, one record a cell; what is there is not computed again.

    Args:
        models: Built-in networks.
        data: Built-in data sets.
        sparsities: Fractions of all prunable weights that go.
        methods: Of clustering. Default: all.
        bits: Of each weight.
        distill: Whether the compressed network also learns from the baseline's outputs.
        seeds: Of each cell.
        recipe: A shipped recipe's name, or a TOML file. Default: the model's and data's own.
        changes: To it, as ``train.batch_size=32``.
        epochs_scale: Factor on every stage's epochs; the records say so.
        train_samples: Train on so many samples; the records say so. Default: all.
        prove: Run each file in its runtime, compare it, and measure latency.
        budget_minutes: Start no cell after so many minutes.
        smoke: Tiny networks and data, every value of every axis once, in minutes: no results.
        output: Folder or URL of the records and their index.
        artefacts: A folder or URL where finished stages are kept too, for other machines.
        engine: Who computes the cells: ``local`` or ``ray``.
        address: Of a Ray cluster. Default: one is started.
        workers: Cells at once. Default: by GPUs, or by cores.
        threads: Of each. Default: a fair part.
        data_dir: Where data sets are looked for.
        cache: Where finished stages are kept. Default: the user's cache folder.
        download: Fetch data sets that are not there.
        store: Where the records are kept beside their files; ``None``: the user's store. Default: nowhere.
        progress: Called with every step.
        warn: Called with the reason why a record is not in the store. Default: ``warnings.warn``.

    Returns:
        The index of the folder, and the records of the cells that were asked for.

    Raises:
        InputError: A name or a setting is wrong, or a record in the folder is damaged.
    """
    if not epochs_scale:
        raise InputError("an epochs scale of 0 trains nothing; set train.epochs=0 where that is meant")
    asked = grid.Grid(
        models=tuple(models),
        data=tuple(data),
        sparsities=tuple(sparsities),
        methods=tuple(methods or workflow.clustering_methods()),
        bits=tuple(bits),
        distill=tuple(distill),
        seeds=tuple(seeds),
    )
    plan = StudyPlan(
        study="paper",
        recipe=recipe,
        changes=tuple(changes),
        epochs_scale=epochs_scale,
        train_samples=train_samples,
        prove=prove,
        data_dir=path_of(data_dir),
        cache_dir=path_of(cache),
        download=download,
        artefacts=artefacts,
    )
    index, records = workflow.study(
        asked,
        workflow.smoke(plan) if smoke else plan,
        output=output,
        engine=engine,
        workers=Workers(workers, threads, address=address),
        budget_minutes=budget_minutes,
        sample=smoke,
        progress=progress,
    )
    say = warned(warn)
    for record in () if smoke else records:
        if keep(record, store, file=None, warn=say) is None:
            break  # one warning of a store that fails is enough for all cells
    return index, records
