import shutil
from pathlib import Path

import pytest

import edgecompress as ec
from edgecompress import recipe
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.several import DeviceOutcome
from edgecompress.errors import InputError
from edgecompress.library import bundles

from ..report.documents import REAL


def test_a_bundle_is_opened_and_measured(small_bundle, tmp_path):
    folder = shutil.copytree(small_bundle, tmp_path / "bundle")
    found = ec.Bundle.open(str(folder))
    assert found.file("model.onnx") == folder / "model.onnx" and found.models["model.onnx"].bytes
    assert repr(found).startswith("alexnet on Digits for ")
    record = found.bench(mode="quick", threads=1, output=tmp_path / "record.json")
    assert isinstance(record, BenchRecord) and record.files["model.onnx"].latency
    assert BenchRecord.from_file(tmp_path / "record.json") == record
    with pytest.raises(InputError, match=r"has no model file 'model\.pt'; it has dense\.onnx"):
        found.file("model.pt")
    (folder / "model.onnx").write_bytes(b"")
    with pytest.raises(InputError, match="checksum differs"):
        ec.Bundle.open(folder)


def test_a_metric_is_read_and_run_on_the_device_where_it_is_asked_for(masks_bundle, small_bundle, tmp_path):
    found = ec.Bundle.open(masks_bundle)
    assert "def error(outputs, targets):" in found.metric_source
    record = found.bench(mode="quick", threads=1, run_metric=True, output=tmp_path / "record.json")
    assert {file.metric.computed for file in record.files.values()} == {"device"}
    plain = ec.Bundle.open(small_bundle)
    assert plain.metric_source is None
    with pytest.raises(InputError, match="has no metric that a device could run"):
        plain.bench(run_metric=True)
    with pytest.raises(InputError, match="is not the source that was agreed to"):
        found.bench(mode="quick", threads=1, run_metric="0" * 64)


def test_several_devices_are_measured_at_once_and_each_has_its_outcome(small_bundle, monkeypatch, tmp_path):
    """A stand-in measures: tests/bench/test_several.py has real ones."""
    found = ec.Bundle.open(small_bundle)
    record = BenchRecord.from_file(REAL / "record.json")
    asked, kept = [], []

    def bench_all(folder, names, **options):
        asked.append((folder, names, options["allowed_metric"], options["accelerator"].provider))
        return [
            DeviceOutcome("kitchen", record, tmp_path / "kitchen.json", "", 0),
            DeviceOutcome("desk", None, tmp_path / "desk.json", "it is off", 4),
        ]

    monkeypatch.setattr(bundles.several, "bench_all", bench_all)
    monkeypatch.setattr(bundles, "keep", lambda record, store, *, file, warn: kept.append((record, store, file)))
    outcomes = found.bench_all(["kitchen", "desk"], "quick", provider="cuda", run_metric="ab", store="here.db")
    assert asked == [(small_bundle, ["kitchen", "desk"], "ab", "cuda")]
    assert [outcome.error for outcome in outcomes] == ["", "it is off"]
    assert kept == [(record, "here.db", tmp_path / "kitchen.json")]


def test_a_record_has_a_file_of_its_own_that_says_of_what_device_it_is(small_bundle):
    file = ec.Bundle.open(small_bundle).record_file("ssh://pi@192.0.2.7")
    assert file.parent == small_bundle / "bench" and "192.0.2.7" in file.name and file.suffix == ".json"
    with pytest.raises(InputError, match="unknown device 'kitchn'"):
        ec.Bundle.open(small_bundle).record_file("kitchn")


@pytest.fixture
def asked(monkeypatch, small_bundle):
    """The requests that reach the pipeline, which gives the small bundle for each."""
    found = []

    def build_bundle(request, *, progress, warn):
        found.append(request)
        warn("heed this")
        return small_bundle, ec.Bundle.open(small_bundle).manifest

    monkeypatch.setattr(bundles, "build_bundle", build_bundle)
    return found


def test_building_asks_for_what_the_command_asks_for(asked, tmp_path, small_bundle):
    changes = {"prune": {"sparsity": 0.7}, "cluster.method": "uniform", "layers": {"trunk.0": {"bits": 2}}}
    with pytest.warns(UserWarning, match="heed this"):
        made = ec.build("alexnet", "digits", recipe=changes, output=tmp_path / "out", cache=str(tmp_path))
    (request,) = asked
    assert made.path == small_bundle
    assert (request.target, request.output, request.cache_dir) == ("host", tmp_path / "out", Path(tmp_path))
    found = recipe.load("alexnet-digits", request.changes)
    assert (found.prune.sparsity, found.cluster.method) == (0.7, "uniform")
    assert found.layer("trunk.0").bits == 2
    ec.build("alexnet", "digits", recipe=Path("mine.toml"), changes=["width=0.5"], warn=lambda message: None)
    assert (asked[1].recipe, asked[1].changes) == ("mine.toml", ("width=0.5",))


def test_what_is_wrong_is_one_line(tmp_path):
    with pytest.raises(InputError, match="target"):
        ec.build("alexnet", target="none")
    with pytest.raises(InputError, match="is not a bundle"):
        ec.Bundle.open(tmp_path)
