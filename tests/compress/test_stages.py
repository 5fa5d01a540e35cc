import threading

import pytest
import torch
from safetensors.torch import load_file

from edgecompress.compress.stages import compress
from edgecompress.compress.work import WAITING
from edgecompress.errors import InputError


def run(network, context, *, trained: bool = False):
    module = network()
    return module, compress(module, context, trained=trained)


def equal(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


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
    weights = [result.compressed["0.weight"], result.compressed["4.weight"]]
    assert all(len(torch.unique(weight)) <= 9 for weight in weights)
    assert all(torch.equal(weight, weight.half().float()) for weight in weights)
    assert not equal(result.dense, result.compressed)
    assert equal(result.compressed, module.state_dict())


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(network, context, tmp_path):
    _, first = run(network, context())
    second_context = context()
    object.__setattr__(second_context, "folder", tmp_path / "other")
    _, second = run(network, second_context)
    assert equal(first.compressed, second.compressed)
    _, third = run(network, context(seed=2))
    assert not equal(first.compressed, third.compressed)


def test_what_was_pruned_is_handed_on_and_what_was_kept_is_named(network, context):
    _, first = run(network, context())
    assert first.kept == frozenset()
    shared = {name: first.pruned[name] != 0 for name in ("0.weight", "4.weight")}
    assert all(torch.equal(mask, first.compressed[name] != 0) for name, mask in shared.items())
    assert len(torch.unique(first.pruned["4.weight"])) > 9
    _, second = run(network, context(cluster__bits=2))
    assert second.kept == {"train", "prune", "retrain"}
    assert equal(second.pruned, first.pruned)
    assert not equal(second.compressed, first.compressed)


def test_two_runs_at_once_compute_each_stage_once(network, context):
    results, told = [], []
    given = context(progress=lambda *said: told.append(said))
    threads = [threading.Thread(target=lambda: results.append(compress(network(), given, trained=False))) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = results
    assert first.kept | second.kept == {"train", "prune", "retrain", "cluster"}
    assert not first.kept & second.kept
    assert equal(first.compressed, second.compressed)
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
    assert equal(resumed.compressed, whole.compressed)
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
    assert equal(resumed.compressed, whole.compressed)
    assert [s.sparsity for s in resumed.stages] == [s.sparsity for s in whole.stages]
    first = next(said for said in told if said[0] == stage)
    assert first[1] > first[2] // 2, "the stage went on, it did not begin again"


def test_soft_training_ends_with_hard_centroids_and_moves_weights_between_them(network, context):
    _, hard = run(network, context())
    _, soft = run(network, context(cluster__training="soft", cluster__learning_rate=0.02))
    for name in ("0.weight", "4.weight"):
        values = [torch.unique(result.compressed[name]) for result in (hard, soft)]
        assert len(values[1]) == 9
        assert torch.equal(values[1], values[1].half().float())
        weights = [result.compressed[name] for result in (hard, soft)]
        ranks = [torch.searchsorted(own, weight) for own, weight in zip(values, weights, strict=True)]
        assert not torch.equal(*ranks), "trained one by one, some weights went over to another centroid"
    assert soft.stages[-1].details["training"] == "soft"


def test_a_rate_is_met_by_zeros_and_levels_alike(network, context):
    _, plain = run(network, context())
    for epochs in (0, 2):
        _, rated = run(network, context(cluster__rate=0.6, cluster__epochs=epochs, cluster__learning_rate=0.02))
        details = rated.stages[-1].details
        assert abs(details["rate"] - 0.6) < 0.02
        assert details["slope"] > 0
        assert rated.stages[-1].sparsity > plain.stages[-1].sparsity
        for name in ("0.weight", "4.weight"):
            assert bool((rated.compressed[name][rated.pruned[name] == 0] == 0).all())


def test_the_whole_model_shares_and_a_layer_stands_outside(network, context):
    _, result = run(network, context(cluster__granularity="model"))
    both = torch.cat([result.compressed[name].reshape(-1) for name in ("0.weight", "4.weight")])
    assert len(torch.unique(both)) == 9
    _, result = run(network, context(cluster__granularity="model", layers={"4": {"bits": 1}}))
    assert len(torch.unique(result.compressed["4.weight"])) == 3


def test_groups_that_no_palette_holds_are_refused_before_any_training(network, context):
    told = []
    groups = {"cluster__granularity": "channel-group", "cluster__group_size": 1, "cluster__bits": 6}
    with pytest.raises(InputError, match="palette"):
        run(network, context(progress=lambda *said: told.append(said), **groups))
    assert not told


@pytest.mark.parametrize("method", ["lloyd-random", "gaussian-mixture", "ward", "power-of-two"])
def test_every_method_goes_through_the_stages(network, context, method):
    _, result = run(network, context(cluster__method=method))
    assert result.stages[-1].distinct_max <= 9
    assert result.stages[-1].validation_accuracy > 85
    assert result.stages[-1].details["inertia"] > 0


def test_a_finished_build_trains_nothing_again(network, context):
    _, first = run(network, context())
    told = []
    _, second = run(network, context(progress=lambda *said: told.append(said)))
    assert {said[3] for said in told} == {"kept from an earlier run"}
    assert equal(first.compressed, second.compressed)
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
    assert equal(first.compressed, second.compressed)


def test_given_weights_are_the_baseline_as_they_are(network, context):
    given = {name: tensor.clone() for name, tensor in network().state_dict().items()}
    _, result = run(network, context(), trained=True)
    assert equal(result.dense, given)
    assert result.stages[0].epochs == 0


def test_layers_have_their_own_bits_and_sparsity_or_stay_dense(network, context):
    layers = {"0": {"dense": True}, "4": {"sparsity": 0.5, "bits": 1}}
    _, result = run(network, context(layers=layers))
    assert len(torch.unique(result.compressed["0.weight"])) == 72
    head = result.compressed["4.weight"]
    assert int((head == 0).sum()) == 432
    assert len(torch.unique(head)) == 3


def test_everything_pruned_is_said(network, context):
    with pytest.raises(InputError, match="layer_limit"):
        run(network, context(prune__sparsity=1.0))


def test_no_epochs_at_all_is_one_shot_pruning_and_plain_clustering(network, context):
    none = {"prune__epochs": 0, "retrain__epochs": 0, "cluster__epochs": 0}
    _, result = run(network, context(**none))
    assert result.stages[-1].sparsity == pytest.approx(0.8, abs=1e-3)
    assert result.stages[-1].distinct_max <= 9


def test_checkpoints_are_ordinary_safetensors(network, context, tmp_path):
    _, result = run(network, context())
    states = [load_file(path) for path in (tmp_path / "checkpoints").glob("*.safetensors")]
    assert len(states) == 4
    assert any(equal(state, result.compressed) for state in states)


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


def test_all_zeros_in_every_layer_is_what_was_asked_for(network, context):
    _, result = run(network, context(prune__scope="layer", prune__sparsity=1.0))
    assert [stage.sparsity for stage in result.stages[1:]] == [1.0, 1.0, 1.0]
    assert result.stages[-1].distinct_max == 1


def test_no_zeros_is_no_pruning(network, context):
    _, result = run(network, context(prune__sparsity=0.0))
    assert [stage.sparsity for stage in result.stages] == [0.0] * 4


def test_the_result_says_what_pattern_and_what_rewinding(network, context):
    _, result = run(network, context(prune__pattern="1x1", retrain__rewind="rate"))
    assert result.stages[1].details["pattern"] == "1x1"
    assert result.stages[2].details == {"rewind": "rate", "from_epoch": 1}


def test_a_wrong_method_is_said_before_anything_is_trained(network, context):
    told = []
    with pytest.raises(InputError, match="unknown scope"):
        run(network, context(progress=lambda *said: told.append(said), prune__scope="everywhere"))
    assert told == []


CALIBRATED = {"reconstruct": {"samples": 64}}


def test_with_reconstruction_nothing_is_trained_and_everything_holds(network, context):
    _, plain = run(network, context(prune__epochs=0, retrain__epochs=0, cluster__epochs=0))
    _, result = run(network, context(**CALIBRATED))
    assert [stage.epochs for stage in result.stages] == [3, 0, 0, 0]
    assert result.stages[-1].sparsity == pytest.approx(0.8, abs=1e-3)
    assert result.stages[-1].distinct_max <= 9
    prune, retrain, cluster = result.stages[1:]
    assert prune.details["samples"] == cluster.details["samples"] == 64
    assert prune.details["error"] < prune.details["error_plain"]
    assert retrain.details == {"reconstruct": "nothing is retrained"}
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
    assert equal(first.compressed, second.compressed)
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
    result = compress(module, given, trained=True)
    assert result.stages[-1].details["inputs"] == "synthetic"
    assert result.stages[-1].distinct_max <= 9
    assert all(bool(torch.isfinite(tensor).all()) for tensor in result.compressed.values())
