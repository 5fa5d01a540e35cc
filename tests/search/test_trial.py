import pytest
import torch

from edgecompress.compress.stages.run import go_on
from edgecompress.errors import CheckError
from edgecompress.formats.onnx.network import write_onnx
from edgecompress.progress import silent
from edgecompress.recipe import Recipe
from edgecompress.search import trial
from edgecompress.search.records import Setting
from edgecompress.search.trial import attempt, short, untrained, with_settings
from edgecompress.sources.to_onnx import to_onnx

from .conftest import DOCUMENT, SHAPE

SETTINGS = {
    "conv": Setting(sparsity=0.25, bits=4),
    "wide": Setting(sparsity=0.96, bits=2),
    "narrow": Setting(sparsity=0.5, bits=3),
}


def recipe(**tables):
    return Recipe.model_validate({**DOCUMENT, **tables})


def test_the_counted_bytes_are_those_of_the_file(start, tmp_path):
    subject, made = start()
    for state in (made.dense, made.last):
        counted = subject.file_bytes(state)
        subject.network.load_state_dict(state)
        write_onnx(to_onnx(subject.network, SHAPE), tmp_path / "model.onnx", compress=True)
        assert counted == (tmp_path / "model.onnx").stat().st_size


def test_the_stages_make_each_layer_what_was_chosen(start):
    subject, _ = start()
    made = subject.full(with_settings(subject.recipe, SETTINGS), silent)
    assert [stage.stage for stage in made.stages] == ["train", "prune", "retrain", "cluster"]
    for name, setting in SETTINGS.items():
        weight = made.last[f"{name}.weight"]
        assert int((weight == 0).sum()) == round(setting.sparsity * weight.numel())
        assert torch.unique(weight).numel() <= 2**setting.bits + 1


def test_a_trial_s_drop_and_bytes_and_that_nothing_of_it_is_kept(start):
    subject, _ = start()
    before = set(subject.context.folder.iterdir())
    mild = attempt(subject, {"wide": Setting(sparsity=0.5, bits=6)}, size_budget=None, progress=silent)
    harsh = attempt(
        subject, {name: Setting(sparsity=0.88, bits=1) for name in SETTINGS}, size_budget=None, progress=silent
    )
    assert harsh.bytes < mild.bytes
    assert harsh.drop > mild.drop
    assert not harsh.stopped
    assert set(subject.context.folder.iterdir()) == before


def test_what_is_far_over_the_budget_is_not_trained(start, monkeypatch):
    subject, _ = start()
    steps = []
    budget = attempt(subject, SETTINGS, size_budget=2000, progress=lambda title, *rest: steps.append(title))
    assert budget.bytes > 2000
    assert budget.drop is None
    assert budget.stopped == "over the size budget before training"
    assert not steps


def test_training_that_diverges_ends_the_trial_and_not_the_search(start, monkeypatch):
    subject, _ = start()

    def diverges(module, run, stages):
        if run.recipe.prune.epochs:
            raise CheckError("prune: the loss became nan")
        return go_on(module, run, stages)

    monkeypatch.setattr(trial, "go_on", diverges)
    found = attempt(subject, SETTINGS, size_budget=None, progress=silent)
    assert (found.drop, found.stopped) == (None, "prune: the loss became nan")
    assert found.bytes > 0


def test_settings_go_after_the_recipe_s_own_patterns_and_leave_their_other_keys():
    given = recipe(layers={"wide": {"granularity": "channel-group", "sparsity": 0.3}, "*": {"pattern": "4x1"}})
    made = with_settings(given, {"wide": Setting(sparsity=0.9, bits=2), "narrow": Setting()})
    assert list(made.layers) == ["*", "wide"]
    assert made.layer("wide").model_dump(exclude_unset=True) == {"pattern": "4x1", "sparsity": 0.9, "bits": 2}
    assert made.layer("narrow") == given.layer("narrow")
    assert given.layer("wide").bits is None


@pytest.mark.parametrize(("steps", "epochs"), [(0, (0, 0)), (1, (1, 0)), (20, (2, 0)), (40, (3, 1)), (10_000, (5, 1))])
def test_a_trial_has_so_many_steps_and_never_more_than_the_recipe(steps, epochs):
    made = short(recipe(search={"steps": steps}, retrain={"learning_rate": 0.1, "epochs": 2, "rewind": "weights"}), 320)
    assert (made.prune.epochs, made.cluster.epochs) == epochs


def test_without_training_a_criterion_that_needs_it_is_magnitude():
    given = recipe(prune={**DOCUMENT["prune"], "criterion": "movement"})
    assert untrained(given).prune.criterion == "magnitude"
    assert short(given, 320).prune.criterion == "movement"
    assert trial.PRUNING < 1
