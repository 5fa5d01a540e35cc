import statistics
from pathlib import Path

import pytest

from edgecompress.compare.readings import readings
from edgecompress.errors import InputError
from edgecompress.manifest import Judged, Manifest
from edgecompress.search.records import SearchRecord
from edgecompress.timing.ratio import latency_ratio

MANIFEST = Path(__file__).parents[2] / "results" / "alexnet-digits" / "manifest.json"


def found(record, file):
    return {each.metric: each.value for each in readings(record) if each.file == file}


def test_the_figures_of_a_benchmark_are_those_of_its_raw_times(record):
    file, dense = record.files["model.onnx"], record.files["dense.onnx"]
    values = found(record, "model.onnx")
    assert values["p50"] == statistics.median(file.latency.samples_ns)
    cuts = statistics.quantiles(file.latency.samples_ns, n=100, method="inclusive")
    assert values["p90"] == pytest.approx(cuts[89])
    assert values["p95"] == pytest.approx(cuts[94])
    ratio = latency_ratio(file.latency.samples_ns, dense.latency.samples_ns, processes=file.latency.processes)
    assert values["over_dense"] == ratio.ratio
    assert (values["size"], values["acc"]) == (file.bytes, file.accuracy.percent)
    assert (values["peak"], values["load"]) == (file.memory.peak, file.memory.load_ns)
    assert "over_dense" not in found(record, "dense.onnx")


def test_the_99th_percentile_needs_its_samples(record, with_file):
    file = record.files["model.onnx"]
    assert "p99" in found(record, "model.onnx")
    few = file.latency.model_copy(update={"samples_ns": file.latency.samples_ns[:600]})
    assert "p99" not in found(with_file(record, "model.onnx", latency=few), "model.onnx")


def test_an_emulated_machine_has_no_times(record):
    values = found(record.model_copy(update={"taken": "emulated"}), "model.onnx")
    assert set(values) == {"peak", "size", "acc"}


def test_what_was_not_measured_is_not_there(record, with_file):
    values = found(with_file(record, "model.onnx", latency=None, memory=None, accuracy=None), "model.onnx")
    assert set(values) == {"size"}


def test_a_build_has_sizes_and_accuracies():
    manifest = Manifest.from_file(MANIFEST)
    assert found(manifest, "model.onnx") == {
        "size": manifest.models["model.onnx"].bytes,
        "acc": manifest.accuracy.compressed,
    }
    assert found(manifest, "dense.tflite")["acc"] == manifest.accuracy.dense


def test_a_metric_of_the_users_own_is_read_of_files_and_of_a_build_s_networks(record, with_metric):
    (found,) = [
        each
        for each in readings(with_metric(record, 1.5, model=1.25))
        if (each.file, each.metric) == ("model.onnx", "metric")
    ]
    assert (found.value, str(found.own), found.own.better) == (1.25, "error of 24 samples", "lower")
    judged = Judged(metric="error", better="lower", samples=24, dense=1.0, compressed=1.25)
    build = Manifest.from_file(MANIFEST).model_copy(update={"judged": judged})
    same = [each for each in readings(build) if each.metric == "metric"]
    assert {each.file: each.value for each in same}["model.tflite"] == 1.25
    assert {each.file: each.value for each in same}["dense.onnx"] == 1.0
    assert {each.own for each in same} == {found.own}, "where it was taken does not matter"


def test_a_search_has_nothing_to_compare():
    recipe = Manifest.from_file(MANIFEST).recipe
    empty = SearchRecord(
        tool_version="1", model="alexnet", data="Digits", recipe=recipe, max_drop=0.5, size_budget=None
    )
    with pytest.raises(InputError, match="a search record has no figures"):
        readings(empty)


def test_a_cell_has_sizes_and_accuracies(cell_record):
    outcome = cell_record.outcome
    assert found(cell_record, "model.tflite") == {
        "size": outcome.sizes["tflite"].compressed,
        "acc": 100 * outcome.accuracy.clustered.correct / outcome.accuracy.clustered.total,
    }
    assert found(cell_record, "dense.onnx")["size"] == outcome.sizes["onnx"].dense
