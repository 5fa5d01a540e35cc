from dataclasses import replace

import pytest

from edgecompress import bundle
from edgecompress.progress import silent
from edgecompress.study.grid import GridPoint
from edgecompress.study.plan import StudyPlan
from edgecompress.workflows import cell
from edgecompress.workflows.cell import compute
from edgecompress.workflows.cell_recipe import budget_digest, cell_of, recipe_of

from ..conftest import SMALL

POINT = GridPoint("alexnet", "digits", 0.9, "kmeans", 5, False, 1)
PLAN = StudyPlan(study="paper", changes=SMALL, download=False)


def record_of(point, **changes):
    plan = PLAN.model_copy(update=changes)
    return compute(cell_of(point, plan)[0], silent, plan=plan)


def test_a_cell_is_what_a_build_of_the_same_recipe_is(small_bundle, small_cache):
    manifest = bundle.load(small_bundle)
    assert recipe_of(POINT, PLAN) == manifest.recipe
    record = record_of(POINT, cache_dir=small_cache)
    assert (record.state, record.error) == ("done", None)
    found = record.outcome
    # Each stage was taken from where the build had kept it, with what it took there.
    assert found.cached == ("cluster", "prune", "retrain", "train")
    kept = {stage.stage: stage.seconds for stage in manifest.stages}
    assert {name: found.seconds[name] for name in kept} == kept
    assert found.seconds["control"] > 0
    assert found.seconds["export"] > 0
    assert found.budget.epochs == {"train": 6, "prune": 3, "retrain": 2, "cluster": 1}
    assert found.budget.changes == PLAN.changes != ()
    assert found.budget.recipe == budget_digest(POINT.model, POINT.data, PLAN)
    assert found.budget.training_samples == found.budget.training_samples_available == manifest.data.train
    assert found.data == manifest.data
    assert found.accuracy.baseline.percent == pytest.approx(manifest.accuracy.dense)
    assert found.accuracy.control.total == manifest.data.test
    assert found.accuracy.control != found.accuracy.baseline
    assert found.accuracy.clustered.percent == pytest.approx(manifest.accuracy.compressed)
    assert found.weights_ratio == pytest.approx(manifest.ratios.weights)
    files = {name: file.bytes for name, file in (manifest.models | manifest.files).items()}
    assert list(found.sizes) == ["onnx", "tflite"]
    for name, sizes in found.sizes.items():
        assert [sizes.dense, sizes.compressed, sizes.container] == [
            files[each] for each in (f"dense.{name}", f"model.{name}", f"model.{name}.ecz")
        ]
        assert sizes.entropy_bound == manifest.models[f"model.{name}"].ledger.entropy_bytes
        assert sizes.ratio == manifest.ratios.files[name]
    layers = {layer.name: layer for layer in found.layers}
    for tensor in manifest.models["model.onnx"].ledger.tensors:
        if tensor.name.removesuffix(".weight") in layers and tensor.name.endswith(".weight"):
            layer = layers.pop(tensor.name.removesuffix(".weight"))
            assert (layer.weights, layer.kept) == (tensor.elements, tensor.nonzero)
            assert layer.distinct == tensor.distinct - 1
            assert layer.bits == 5
    assert not layers
    assert {(each.runtime, each.how) for each in found.latency} == {("onnxruntime", "measured"), ("litert", "measured")}
    assert all(each.low <= each.ratio <= each.high for each in found.latency)


def test_another_number_of_bits_trains_no_baseline_and_a_cut_budget_is_told(small_bundle, small_cache):
    record = record_of(replace(POINT, bits=2), cache_dir=small_cache, prove=False)
    found = record.outcome
    assert found.cached == ("control", "prune", "retrain", "train")
    assert max(layer.distinct for layer in found.layers) == 4
    assert {layer.bits for layer in found.layers} == {2}
    assert found.latency == ()
    cut = record_of(
        POINT, cache_dir=small_cache, prove=False, train_samples=100, judge_samples=50, epochs_scale=0.25
    ).outcome
    assert (cut.budget.training_samples, cut.budget.training_samples_available) == (100, found.data.train)
    assert cut.budget.epochs == {"train": 2, "prune": 1, "retrain": 1, "cluster": 1}
    assert cut.budget.epochs_scale == 0.25
    assert (cut.data.train, cut.data.validation, cut.data.test) == (100, 50, 50)
    assert cut.accuracy.clustered.total == 50
    assert cut.cached == ()  # stages of other samples are other stages


def test_cells_that_share_stages_run_their_test_set_once(small_bundle, small_cache, monkeypatch):
    first = record_of(POINT, cache_dir=small_cache, prove=False).outcome.accuracy
    judged, run = [], cell._right
    monkeypatch.setattr(cell, "_right", lambda *given: judged.append(given) or run(*given))
    second = record_of(replace(POINT, bits=1), cache_dir=small_cache, prove=False).outcome.accuracy
    assert (second.baseline, second.control, second.pruned) == (first.baseline, first.control, first.pruned)
    assert len(judged) == 1
    assert second.clustered != first.clustered


def test_what_goes_wrong_is_in_the_record(tmp_path, monkeypatch):
    absent = record_of(replace(POINT, data="cifar-10"), data_dir=tmp_path, cache_dir=tmp_path)
    assert (absent.state, absent.outcome) == ("failed", None)
    assert "CIFAR-10" in absent.error
    assert "\n" not in absent.error
    monkeypatch.setattr(cell, "run_all", lambda *_, **__: 1 / 0)
    assert record_of(POINT, cache_dir=tmp_path).error == "ZeroDivisionError: division by zero"


def test_a_stop_is_no_failed_cell(tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cell, "run_all", stop)
    with pytest.raises(KeyboardInterrupt):
        record_of(POINT, cache_dir=tmp_path)


def test_patterns_stand_in_only_where_that_is_asked_for(tmp_path):
    small = {"data_dir": tmp_path, "cache_dir": tmp_path, "prove": False, "epochs_scale": 0.01, "train_samples": 64}
    small |= {"judge_samples": 32, "changes": ("width=0.0625",)}
    record = record_of(replace(POINT, data="uci-har"), stand_ins=True, **small)
    assert record.state == "done"
    assert not record.outcome.data.official
    assert "no result" in record.outcome.data.note
    assert record_of(replace(POINT, data="uci-har"), **small).state == "failed"
