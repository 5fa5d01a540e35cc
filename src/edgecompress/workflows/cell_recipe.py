"""The recipe of a study's cell, and the digests of what decides its record and of what cells share."""

from collections.abc import Mapping
from typing import Any

from edgecompress import recipe
from edgecompress.compress.checkpoints import key
from edgecompress.errors import InputError
from edgecompress.recipe import Distillation, Recipe
from edgecompress.study.grid import GridPoint
from edgecompress.study.plan import StudyPlan
from edgecompress.study.records import StudyCell
from edgecompress.workflows.prepared import DATA_VERSION

AXES = {"seed": True, "prune": {"sparsity"}, "cluster": {"method", "bits"}}
"""The keys of a recipe that cells of one study vary; distillation is asked for beside it."""


def recipe_of(point: GridPoint, plan: StudyPlan) -> Recipe:
    """The recipe of a cell.

    Raises:
        InputError: there is none for its model, a change to it is wrong, or it removes channels.
    """
    shared = _shared(point.model, point.data, plan)
    tables = {
        "prune": shared.prune.model_copy(update={"sparsity": point.sparsity}),
        "cluster": shared.cluster.model_copy(update={"method": point.method, "bits": point.bits}),
    }
    distill = (shared.distill or Distillation()) if point.distill else None
    return shared.model_copy(update={**tables, "seed": point.seed, "distill": distill})


def _shared(model: str, data: str, plan: StudyPlan) -> Recipe:
    """The recipe of all cells of a network and data set, before each sets its axes in it."""
    name = recipe.complete(plan.recipe, recipe.default_name(model, data))
    chosen = recipe.load(name, plan.changes)
    if chosen.structure is not None:
        raise InputError("a study varies how weights are pruned and clustered; leave [structure] out of its recipe")
    return chosen.model_copy(
        update={
            name: table.model_copy(
                update={"epochs": max(1, round(plan.epochs_scale * table.epochs)) if table.epochs else 0}
            )
            for name in ("train", "prune", "retrain", "cluster")
            for table in [getattr(chosen, name)]
        }
    )


def cell_of(point: GridPoint, plan: StudyPlan) -> tuple[StudyCell, str]:
    """The cell of a point, and the digest of what decides its record.

    Raises:
        InputError: as ``recipe_of``.
    """
    chosen = recipe_of(point, plan)
    cell = StudyCell(
        model=point.model,
        data=point.data,
        width=chosen.width,
        sparsity=point.sparsity,
        method=point.method,
        bits=point.bits,
        distill=point.distill,
        seed=point.seed,
    )
    return cell, _digest("cell", chosen, plan)


def budget_digest(model: str, data: str, plan: StudyPlan) -> str:
    """The digest of what all cells of a network and data set share: their recipe but for the axes, and the samples.

    Raises:
        InputError: as ``recipe_of``.
    """
    return _digest("budget", _shared(model, data, plan), plan, but=AXES)


def _digest(of: str, chosen: Recipe, plan: StudyPlan, *, but: Mapping[str, Any] | None = None) -> str:
    """The digest of a recipe and its samples, without the keys ``but``, which are pydantic's ``exclude``."""
    # Keys at their default are left out, so that a key which is added later changes no digest.
    settings = chosen.model_dump(mode="json", exclude_defaults=True, exclude={"search": True, **(but or {})})
    samples = [plan.train_samples, plan.judge_samples]
    return key("", of, {"recipe": settings, "samples": samples, "data_version": DATA_VERSION, "control": True})
