import datetime
import importlib.util
import itertools
from multiprocessing import get_context

import optuna
import pytest

from edgecompress import bundle
from edgecompress.bench.records import BenchRecord
from edgecompress.errors import CheckError, InputError, MissingDependencyError
from edgecompress.progress import silent
from edgecompress.search import ledger
from edgecompress.search.limits import Limits
from edgecompress.search.objectives import FrontRecord
from edgecompress.search.records import SearchRecord
from edgecompress.workflows import search as searching
from edgecompress.workflows.build import build_bundle
from edgecompress.workflows.request import Request
from edgecompress.workflows.search import How

from ..conftest import SMALL

CHANGES = (*SMALL, "search.steps=0", "search.sparsities=[0.9]", "search.bits=[3]", "search.candidates=1")


def search(tmp_path, cache, limits, how=None, *, changes=CHANGES, builds=False):
    told = []
    request = Request(target="host", changes=changes, output=tmp_path / "out", cache_dir=cache, eval_samples=10)
    found = searching.search(
        request, limits, how or How(), builds=builds, progress=silent, warn=pytest.fail, on_record=told.append
    )
    assert told == found.records
    return found


def test_the_bundle_has_the_bytes_that_were_counted_and_the_layers_that_were_chosen(
    tmp_path, small_bundle, small_cache
):
    found = search(tmp_path, small_cache, Limits(100.0, None, 6), builds=True)
    assert SearchRecord.from_file(found.folder / "search.json") == found.records[0]
    best = found.records[0].candidates[found.records[0].chosen]
    folder, manifest = found.built
    assert folder == tmp_path / "out" / "alexnet-digits-host"
    assert bundle.load(folder) == manifest
    assert manifest.models["model.onnx"].bytes == best.bytes <= bundle.load(small_bundle).models["model.onnx"].bytes
    assert best.trial is not None
    for name, setting in found.records[0].trials[best.trial].layers.items():
        layer = manifest.recipe.layer(name)
        assert (layer.sparsity, layer.bits) == (setting.sparsity, setting.bits)
    again = search(tmp_path, small_cache, Limits(100.0, None, 6))  # what a search left may be replaced by it
    assert again.records == found.records


def test_the_test_set_is_never_looked_at(tmp_path, small_bundle, small_cache, monkeypatch):
    from dataclasses import replace

    from edgecompress.sources import datasets

    load = datasets.load

    def blind(*arguments, **options):
        data = load(*arguments, **options)
        return replace(data, test_x=data.test_x * float("nan"), test_y=data.test_y * 0 - 1)

    seeing = search(tmp_path, small_cache, Limits(100.0, None, 2)).records
    monkeypatch.setattr(datasets, "load", blind)
    assert search(tmp_path, small_cache, Limits(100.0, None, 2)).records == seeing


def test_nothing_holds(tmp_path, small_bundle, small_cache):
    with pytest.raises(CheckError, match=r"the smallest file that was made has .* The front is in"):
        search(tmp_path, small_cache, Limits(0.0, 1000, 1))
    assert SearchRecord.from_file(tmp_path / "out" / "search.json").chosen is None


def test_a_missing_optuna_is_said_before_anything_is_trained(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "optuna" else find(name))
    with pytest.raises(MissingDependencyError, match=r"edgecompress\[search\]"):
        search(tmp_path, tmp_path, Limits(1.0, None, 1))
    assert not list(tmp_path.rglob("*.safetensors"))


def test_several_workers_share_the_trials_and_the_same_command_goes_on_from_them(tmp_path, small_bundle, small_cache):
    limits, storage = Limits(100.0, None, 6), f"sqlite:///{tmp_path / 'trials.db'}"
    alone = search(tmp_path / "alone", small_cache, limits, How(storage=str(tmp_path / "journal")))
    shared = search(tmp_path / "shared", small_cache, limits, How(storage=storage, workers=2))
    # The first trials are fixed points: who tries them, and when, changes nothing.
    assert shared.records == alone.records
    assert search(tmp_path / "again", small_cache, limits, How(storage=storage)).records == shared.records


def test_a_worker_that_helps_takes_trials_until_there_are_none(tmp_path, small_bundle, small_cache):
    limits, storage = Limits(100.0, None, 3), str(tmp_path / "journal")
    request = Request(target="host", changes=CHANGES, cache_dir=small_cache)
    helper = get_context("spawn").Process(target=searching._help, args=(request, limits, storage))
    helper.start()
    helper.join()
    (name,) = {each.study_name for each in optuna.get_all_study_summaries(ledger.opened(storage))}
    trials = ledger.TrialLedger(storage, name).finished()
    assert [trial.number for trial in trials] == [0, 1, 2]
    assert search(tmp_path, small_cache, limits, How(storage=storage)).records[0].trials == trials


def test_channels_that_are_removed_make_latency_an_objective(tmp_path, small_bundle, small_cache):
    changes = (*CHANGES, "structure.epochs=1", "structure.rounds=1", "structure.align=1")
    with pytest.raises(InputError, match="leave 1 out of --macs"):
        search(
            tmp_path, small_cache, Limits(100.0, None, 1), How(macs=(1, 0.5)), changes=(*changes, "structure.macs=0.5")
        )
    found = search(tmp_path, small_cache, Limits(100.0, None, 2), How(macs=(0.4, 1)), changes=CHANGES)
    half, whole = found.records
    assert whole.channels is None
    assert 0.2 < half.channels.macs < 0.6
    assert half.channels.low <= half.channels.ratio <= half.channels.high
    assert half.dense_accuracy == whole.dense_accuracy
    assert {path.name for path in found.folder.glob("search*.json")} == {"search-1.json", "search-0.4.json"}
    assert FrontRecord.from_file(found.folder / "front.json") == found.front
    assert {point.latency for point in found.front.points} <= {1.0, half.channels.ratio}
    chosen = found.front.points[found.front.chosen]
    assert chosen.bytes == min(point.bytes for point in found.front.points if point.holds)
    assert (found.folder / chosen.recipe).read_text() == (found.folder / "recipe.toml").read_text()
    point = min(found.front.points, key=lambda each: each.bytes)
    request = Request(
        target="host", recipe=str(found.folder / point.recipe), output=tmp_path / "built", cache_dir=small_cache
    )
    _, manifest = build_bundle(request, progress=silent, warn=pytest.fail)
    assert manifest.models["model.onnx"].bytes == point.bytes


def test_only_the_front_is_measured_one_bundle_after_the_other(tmp_path, small_bundle, small_cache):
    found = search(
        tmp_path, small_cache, Limits(100.0, None, 2), How(devices=("local",), mode="quick"), changes=CHANGES
    )
    periods = []
    for point in found.front.points:
        assert {(each.device, each.runtime) for each in point.boards} == {("local", "onnxruntime"), ("local", "litert")}
        for each in point.boards:
            record = BenchRecord.from_file(found.folder / each.record)
            file = next(
                file for file in record.files.values() if (file.runtime, file.kind) == (each.runtime, "compressed")
            )
            assert each.p50_ns == file.latency.summary.p50
            began = datetime.datetime.fromisoformat(record.created)
            periods.append((began, began + datetime.timedelta(seconds=record.seconds)))
    periods = sorted(set(periods))
    assert len(periods) == len(found.front.points)
    for (_, end), (begin, _) in itertools.pairwise(periods):
        assert begin >= end - datetime.timedelta(seconds=1)  # times of beginning are whole seconds
    assert {path.name for path in (found.folder / "front").iterdir() if path.is_dir()} == {
        str(number) for number in range(len(found.front.points))
    }


def test_a_device_or_mode_that_is_none_is_said_before_anything_is_trained(tmp_path):
    for how, says in ((How(devices=("attic",)), "attic"), (How(mode="slow"), "slow"), (How(macs=(2.0,)), "--macs 2")):
        with pytest.raises(InputError, match=says):
            search(tmp_path, tmp_path, Limits(1.0, None, 1), how)
    assert not list(tmp_path.rglob("*.safetensors"))
