import threading
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from edgecompress.compress.details import Details, RetrainDetails
from edgecompress.compress.stages.contract import Stage
from edgecompress.compress.stages.order import order
from edgecompress.compress.stages.run import begin, go_on, run_all
from edgecompress.compress.stages.training import WAITING
from edgecompress.compress.structure.shapes import load_state

from .conftest import equal, run


def test_every_stage_does_its_work_and_breaks_no_other_s(network, context):
    module, result = run(network, context())
    assert [stage.stage for stage in result.stages] == ["train", "prune", "retrain", "cluster"]
    train, prune, retrain, cluster = result.stages
    assert train.sparsity == 0.0
    assert train.validation_accuracy > 90
    total = 72 + 864
    assert prune.sparsity == retrain.sparsity == cluster.sparsity == pytest.approx(round(0.8 * total) / total)
    assert cluster.distinct_max <= 9
    assert cluster.validation_accuracy > 90
    weights = [result.last["0.weight"], result.last["4.weight"]]
    assert all(len(torch.unique(weight)) <= 9 for weight in weights)
    assert all(torch.equal(weight, weight.half().float()) for weight in weights)
    assert not equal(result.dense, result.last)
    assert equal(result.last, module.state_dict())


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(network, context, tmp_path):
    _, first = run(network, context())
    second_context = context()
    object.__setattr__(second_context, "folder", tmp_path / "other")
    _, second = run(network, second_context)
    assert equal(first.last, second.last)
    _, third = run(network, context(seed=2))
    assert not equal(first.last, third.last)


def test_what_was_pruned_is_handed_on_and_what_was_kept_is_named(network, context):
    _, first = run(network, context())
    assert first.kept == frozenset()
    shared = {name: first.pruned[name] != 0 for name in ("0.weight", "4.weight")}
    assert all(torch.equal(mask, first.last[name] != 0) for name, mask in shared.items())
    assert len(torch.unique(first.pruned["4.weight"])) > 9
    _, second = run(network, context(cluster__bits=2))
    assert second.kept == {"train", "prune", "retrain"}
    assert equal(second.pruned, first.pruned)
    assert not equal(second.last, first.last)


def test_two_runs_at_once_compute_each_stage_once(network, context):
    results, told = [], []
    given = context(progress=lambda *said: told.append(said))
    threads = [threading.Thread(target=lambda: results.append(run_all(network(), given, trained=False))) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = results
    assert first.kept | second.kept == {"train", "prune", "retrain", "cluster"}
    assert not first.kept & second.kept
    assert equal(first.last, second.last)
    assert ("train", 0, 1, WAITING) in told
    assert not list(given.folder.glob("*.lock"))


@pytest.mark.parametrize("stage", ["train", "prune", "retrain", "cluster"])
def test_interrupted_in_any_stage_a_second_run_ends_as_if_nothing_had_happened(network, context, tmp_path, stage):
    whole_context = context()
    object.__setattr__(whole_context, "folder", tmp_path / "whole")
    _, whole = run(network, whole_context)

    def interrupt(title: str, done: int, total: int, note: str = "", /) -> None:
        if title == stage and done > total // 2 + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(network, context(progress=interrupt))
    told = []
    _, resumed = run(network, context(progress=lambda *said: told.append(said)))
    assert equal(resumed.last, whole.last)
    first = next(said for said in told if said[0] == stage)
    assert first[1] > 1, "the stage went on, it did not begin again"


@pytest.mark.parametrize(
    ("stage", "changes"),
    [
        ("prune", {"prune__criterion": "taylor"}),
        ("prune", {"prune__criterion": "movement"}),
        ("prune", {"prune__criterion": "random"}),
        ("prune", {"prune__criterion": "taylor", "prune__scope": "erk", "prune__schedule": "iterative"}),
        ("prune", {"prune__scope": "lamp", "prune__schedule": "one-shot"}),
        # The ramp is over in the first epoch: what holds the zeros in the second are the masks that were kept.
        ("prune", {"prune__ramp": 0.4}),
        ("prune", {"prune__pattern": "3x1", "prune__updates_per_epoch": 1, "layers": {"0": {"pattern": "4x1"}}}),
        ("retrain", {"retrain__rewind": "rate"}),
        ("retrain", {"retrain__rewind": "weights"}),
        ("retrain", {"distill": {"temperature": 3.0}}),
        *(
            ("cluster", {"cluster__training": "soft", "cluster__granularity": granularity, "cluster__group_size": 3})
            for granularity in ("layer", "channel-group", "model")
        ),
        ("cluster", {"cluster__rate": 0.5, "cluster__learning_rate": 0.02}),
    ],
    ids=str,
)
def test_every_method_ends_with_the_same_bits_when_it_was_interrupted(network, context, tmp_path, stage, changes):
    whole_context = context(**changes)
    object.__setattr__(whole_context, "folder", tmp_path / "whole")
    _, whole = run(network, whole_context)

    def interrupt(title: str, done: int, total: int, note: str = "", /) -> None:
        if title == stage and done > total - 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(network, context(progress=interrupt, **changes))
    told = []
    _, resumed = run(network, context(progress=lambda *said: told.append(said), **changes))
    assert equal(resumed.last, whole.last)
    assert [s.sparsity for s in resumed.stages] == [s.sparsity for s in whole.stages]
    first = next(said for said in told if said[0] == stage)
    assert first[1] > first[2] // 2, "the stage went on, it did not begin again"


def test_a_finished_build_trains_nothing_again(network, context):
    _, first = run(network, context())
    told = []
    _, second = run(network, context(progress=lambda *said: told.append(said)))
    assert {said[3] for said in told} == {"kept from an earlier run"}
    assert equal(first.last, second.last)
    assert equal(first.dense, second.dense)
    assert first.stages == second.stages


def test_a_changed_recipe_repeats_only_what_it_changes(network, context):
    run(network, context())
    told = []
    run(network, context(progress=lambda *said: told.append(said), cluster__bits=2))
    kept = {said[0] for said in told if said[3] == "kept from an earlier run"}
    assert kept == {"train", "prune", "retrain"}


def test_a_damaged_checkpoint_is_made_anew(network, context, tmp_path):
    _, first = run(network, context())
    for path in (tmp_path / "checkpoints").iterdir():
        path.write_bytes(path.read_bytes()[:100])
    _, second = run(network, context())
    assert equal(first.last, second.last)


def test_layers_have_their_own_bits_and_sparsity_or_stay_dense(network, context):
    layers = {"0": {"dense": True}, "4": {"sparsity": 0.5, "bits": 1}}
    _, result = run(network, context(layers=layers))
    assert len(torch.unique(result.last["0.weight"])) == 72
    head = result.last["4.weight"]
    assert int((head == 0).sum()) == 432
    assert len(torch.unique(head)) == 3


def test_no_epochs_at_all_is_one_shot_pruning_and_plain_clustering(network, context):
    none = {"prune__epochs": 0, "retrain__epochs": 0, "cluster__epochs": 0}
    _, result = run(network, context(**none))
    assert result.stages[-1].sparsity == pytest.approx(0.8, abs=1e-3)
    assert result.stages[-1].distinct_max <= 9


def test_checkpoints_are_ordinary_safetensors(network, context, tmp_path):
    _, result = run(network, context())
    states = [load_file(path) for path in (tmp_path / "checkpoints").glob("*.safetensors")]
    assert len(states) == 4
    assert any(equal(state, result.last) for state in states)


def test_what_was_kept_before_there_were_other_methods_is_still_found(network, context, tmp_path, monkeypatch):
    # The keys of the first release for this very recipe: whoever changes them makes everybody train again.
    monkeypatch.setattr(torch, "__version__", "2.13.0")
    run(network, context(layers={"4": {"bits": 2}}))
    found = {path.name.partition(".")[0] for path in (tmp_path / "checkpoints").iterdir()}
    kept = {"4aed6e1c883f437034831d79", "6279aa23180d6985bc2430e4", "a24bd07bed33eb4819e51f63"}  # train, prune, retrain
    assert kept <= found


def test_a_stage_that_distils_is_another_stage_and_the_ones_before_it_are_not(network, context):
    run(network, context())
    told = []
    run(network, context(progress=lambda *said: told.append(said), distill={"stages": ["retrain", "cluster"]}))
    assert {said[0] for said in told if said[3] == "kept from an earlier run"} == {"train", "prune"}


def test_every_stage_that_is_named_learns_from_the_baseline(network, context, monkeypatch):
    from edgecompress.compress import distill

    taught = []
    whole = distill.teacher
    monkeypatch.setattr(distill, "teacher", lambda module, state: taught.append(state) or whole(module, state))
    _, result = run(network, context(distill={"stages": ["prune", "retrain", "cluster"]}))
    assert len(taught) == 3
    assert all(equal(state, result.dense) for state in taught)
    assert result.stages[-1].validation_accuracy > 90


def test_the_result_says_what_pattern_and_what_rewinding(network, context):
    _, result = run(network, context(prune__pattern="1x1", retrain__rewind="rate"))
    assert result.stages[1].details.pattern == "1x1"
    assert result.stages[2].details == RetrainDetails(rewind="rate", from_epoch=1)


CALIBRATED = {"reconstruct": {"samples": 64}}


def test_with_reconstruction_nothing_is_trained_and_everything_holds(network, context):
    _, plain = run(network, context(prune__epochs=0, retrain__epochs=0, cluster__epochs=0))
    _, result = run(network, context(**CALIBRATED))
    assert [stage.epochs for stage in result.stages] == [3, 0, 0, 0]
    assert result.stages[-1].sparsity == pytest.approx(0.8, abs=1e-3)
    assert result.stages[-1].distinct_max <= 9
    prune, retrain, cluster = result.stages[1:]
    assert prune.details.samples == cluster.details.samples == 64
    assert prune.details.error < prune.details.error_plain
    assert retrain.details == RetrainDetails(reconstruct="nothing is retrained")
    assert cluster.validation_accuracy >= plain.stages[-1].validation_accuracy
    assert equal(result.dense, plain.dense)


def test_reconstruction_repeats_with_the_seed_and_keeps_what_is_done(network, context, tmp_path):
    _, first = run(network, context(**CALIBRATED))

    def interrupt(title: str, done: int, total: int, note: str = "", /) -> None:
        if title == "cluster" and done > 1:
            raise KeyboardInterrupt

    again = context(progress=interrupt, **CALIBRATED)
    object.__setattr__(again, "folder", tmp_path / "again")
    with pytest.raises(KeyboardInterrupt):
        run(network, again)
    told = []
    object.__setattr__(again, "progress", lambda *said: told.append(said))
    _, second = run(network, again)
    assert equal(first.last, second.last)
    assert {said[0] for said in told if said[3] == "kept from an earlier run"} == {"train", "prune", "retrain"}


def test_reconstruction_is_another_prune_and_the_same_baseline(network, context):
    run(network, context())
    told = []
    run(network, context(progress=lambda *said: told.append(said), **CALIBRATED))
    assert {said[0] for said in told if said[3] == "kept from an earlier run"} == {"train"}


def test_synthetic_inputs_need_no_value_of_the_training_set(network, context):
    given = context(reconstruct={"inputs": "synthetic", "samples": 64, "steps": 20})
    trained, _ = run(network, context())
    given.training.x.fill_(torch.nan)
    module = network()
    module.load_state_dict(trained.state_dict())
    result = run_all(module, given, trained=True)
    assert result.stages[-1].details.inputs == "synthetic"
    assert result.stages[-1].distinct_max <= 9
    assert all(bool(torch.isfinite(tensor).all()) for tensor in result.last.values())


def test_a_run_goes_on_from_any_state_and_ends_with_the_same_bits(network, context, tmp_path):
    """As a search does, and a build to several rates: nothing before is run again."""
    module, whole = run(network, context())
    first, *rest = order(whole.recipe, trained=False)
    baseline = go_on(network(), begin(context()), [first])
    for done in range(len(rest)):
        told = []
        elsewhere = context(progress=lambda title, *_, told=told: told.append(title))
        object.__setattr__(elsewhere, "folder", tmp_path / f"from {done}")
        other = network()
        load_state(other, baseline.last)
        before = go_on(other, baseline, rest[:done])
        load_state(module, before.last)
        ended = go_on(module, replace(before, context=elsewhere), rest[done:])
        assert equal(ended.last, whole.last)
        assert ended.key == whole.key
        assert set(told) == {stage.name for stage in rest[done:]}


class Halve(Stage):
    """A stage of somebody's own: it needs nothing but this."""

    name = "halve"

    def settings(self, recipe):
        return recipe.cluster

    def run(self, module, run, checkpoint):
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.mul_(0.5)
        return Details(factor=0.5)


def test_a_stage_of_one_s_own_is_kept_and_told_of_like_the_others(network, context, tmp_path):
    given = context()
    stages = [*order(given.recipe, trained=False), Halve()]
    module = network()
    ended = go_on(module, begin(given), stages)
    assert ended.stages[-1].details.factor == 0.5
    assert equal(ended.last, module.state_dict())
    again = go_on(network(), begin(given), stages)
    assert again.kept == {"train", "prune", "retrain", "cluster", "halve"}
    assert again.stages == ended.stages
    assert torch.equal(ended.last["4.weight"], 0.5 * ended.states["cluster"]["4.weight"])
