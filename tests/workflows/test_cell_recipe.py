from dataclasses import replace

import pytest

from edgecompress.errors import InputError
from edgecompress.study.grid import GridPoint
from edgecompress.study.plan import StudyPlan
from edgecompress.workflows.cell_recipe import budget_digest, cell_of, recipe_of

from ..conftest import SMALL

POINT = GridPoint("alexnet", "digits", 0.9, "kmeans", 5, False, 1)
PLAN = StudyPlan(study="paper", changes=SMALL, download=False)


def test_axes_are_set_in_the_recipe_and_distillation_as_the_recipe_has_it():
    chosen = recipe_of(GridPoint("alexnet", "digits", 0.5, "ward", 3, True, 7), PLAN)
    assert (chosen.prune.sparsity, chosen.cluster.method, chosen.cluster.bits, chosen.seed) == (0.5, "ward", 3, 7)
    assert chosen.distill is not None
    own = PLAN.model_copy(update={"changes": ("distill.temperature=2.5",)})
    assert recipe_of(replace(POINT, distill=True), own).distill.temperature == 2.5
    assert recipe_of(POINT, own).distill is None


def test_a_scale_of_epochs_leaves_no_stage_without_any_and_adds_none():
    none = PLAN.model_copy(update={"epochs_scale": 0.01, "changes": ("retrain.epochs=0",)})
    chosen = recipe_of(POINT, none)
    assert [chosen.train.epochs, chosen.prune.epochs, chosen.retrain.epochs] == [1, 1, 0]
    twice = recipe_of(POINT, PLAN.model_copy(update={"epochs_scale": 2.0}))
    assert twice.train.epochs == 12


def test_digests_are_those_of_what_decides_a_record():
    digest = cell_of(POINT, PLAN)[1]
    assert cell_of(POINT, PLAN.model_copy(update={"changes": (*SMALL, "search.steps=3"), "prove": False}))[1] == digest
    for changes in ({"epochs_scale": 0.5}, {"train_samples": 9}, {"changes": (*SMALL, "train.learning_rate=0.01")}):
        assert cell_of(POINT, PLAN.model_copy(update=changes))[1] != digest


def test_a_recipe_that_removes_channels_is_refused():
    with pytest.raises(InputError, match=r"leave \[structure\] out"):
        recipe_of(POINT, PLAN.model_copy(update={"changes": ("structure.macs=0.5",)}))


def test_a_budget_s_digest_is_of_all_but_the_axes():
    digest = budget_digest("alexnet", "digits", PLAN)
    axes = ("seed=9", "prune.sparsity=0.3", "cluster.bits=2", "cluster.method=uniform")
    assert budget_digest("alexnet", "digits", PLAN.model_copy(update={"changes": (*SMALL, *axes)})) == digest
    for changes in ({"epochs_scale": 0.5}, {"train_samples": 9}, {"changes": (*SMALL, "cluster.final_rate=0.5")}):
        assert budget_digest("alexnet", "digits", PLAN.model_copy(update=changes)) != digest
