"""A study: from the values of its axes to the records of its cells."""

import functools
from pathlib import Path

import torch

from edgecompress import methods
from edgecompress.compress.cluster.centroids import ALGORITHMS
from edgecompress.errors import InputError
from edgecompress.progress import Progress
from edgecompress.sources import datasets
from edgecompress.sources.load import NETWORKS
from edgecompress.study.engines.contract import CellEngine, Workers
from edgecompress.study.grid import METHOD, Grid
from edgecompress.study.plan import StudyPlan
from edgecompress.study.records import CellRecord, StudyIndex
from edgecompress.study.run import Study
from edgecompress.study.store import StudyStore
from edgecompress.workflows.cell import compute, this_machine
from edgecompress.workflows.cell_recipe import cell_of

ENGINES = "edgecompress.study.engines"
SMOKE = {"epochs_scale": 0.01, "train_samples": 96, "judge_samples": 64, "prove": False, "stand_ins": True}
"""A plan whose cells take seconds: every stage one epoch of one step, on patterns where a data set is not there."""
SMOKE_CHANGES = ("width=0.0625",)


def clustering_methods() -> list[str]:
    """All of them, the base first."""
    return sorted(methods.choices(ALGORITHMS), key=lambda name: (name != METHOD, name))


def smoke(plan: StudyPlan) -> StudyPlan:
    """``plan``, cut down to seconds a cell; nothing is downloaded."""
    changes = (*SMOKE_CHANGES, *plan.changes)
    return plan.model_copy(update={**SMOKE, "changes": changes, "download": False})


def study(
    grid: Grid,
    plan: StudyPlan,
    *,
    output: str,
    engine: str,
    workers: Workers,
    budget_minutes: float | None,
    sample: bool,
    progress: Progress,
) -> tuple[StudyIndex, list[CellRecord]]:
    """Compute the cells of ``grid`` that have no record in ``output``. Returns the index, and all records there are.

    Args:
        grid: the values of each axis.
        plan: what is the same in all cells.
        output: a folder or a URL for the records and the index.
        engine: the name of a method in ``study/engines``.
        workers: how many there are, and what each has; GPUs are counted here.
        budget_minutes: after which no cell is started any more.
        sample: whether to take a part of the grid that has every value once.
        progress: called with how far it is.

    Raises:
        InputError: a name or a recipe is wrong, or a record in the folder is damaged.
    """
    _check(grid)
    begin: CellEngine = methods.find(ENGINES, engine)
    plan = _absolute(plan)
    cells = dict(cell_of(point, plan) for point in (grid.sample() if sample else grid.points()))
    asked = Study(plan.study, cells, StudyStore(output), this_machine(), budget_minutes, progress)
    asked.known()
    if len(asked.records) < len(cells):
        workers = Workers(workers.count, workers.threads, torch.cuda.device_count(), workers.address)
        with begin(functools.partial(compute, plan=plan), workers) as pool:
            index = asked.run(pool)
    else:
        index = asked.write_index()
    return index, [asked.records[cell] for cell in cells if cell in asked.records]


def _check(grid: Grid) -> None:
    """Say what is misspelt before hours of work, not after.

    Raises:
        InputError: one of the names is none.
    """
    for kind, given, known in (
        ("model", grid.models, methods.choices(NETWORKS)),
        ("data set", grid.data, datasets.names()),
        ("clustering method", grid.methods, methods.choices(ALGORITHMS)),
    ):
        for name in given:
            if name not in known:
                raise InputError(methods.unknown(kind, name, known))
    for name, axis in vars(grid).items():
        if not axis:
            raise InputError(f"a study needs at least one value of {name}")
    for sparsity in grid.sparsities:
        if not 0 <= sparsity < 1:
            raise InputError(f"a sparsity of {sparsity:g} is none; write 0.9 for 90 %")
    for bits in grid.bits:
        if not 1 <= bits <= 8:
            raise InputError(f"{bits} bits are not possible; 1 to 8 are")


def _absolute(plan: StudyPlan) -> StudyPlan:
    """Paths that workers understand, which may run in another folder."""
    folders = {name: path.resolve() for name in ("data_dir", "cache_dir") if (path := getattr(plan, name))}
    changes: dict[str, object] = dict(folders)
    if plan.artefacts and "://" not in plan.artefacts:
        changes["artefacts"] = str(Path(plan.artefacts).resolve())
    if plan.recipe and plan.recipe.endswith(".toml"):
        changes["recipe"] = str(Path(plan.recipe).resolve())
    return plan.model_copy(update=changes)
