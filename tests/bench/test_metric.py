"""The metric of a network of the user's own, of its files, taken by the device and by this machine."""

import shutil
from dataclasses import replace as changed

import pytest

from edgecompress import bundle, devices
from edgecompress.bench import outputs
from edgecompress.bench.consent import metric_source
from edgecompress.bench.metric import by_metric, take
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.run import bench
from edgecompress.deploy.on_device import AgentOnDevice
from edgecompress.errors import CheckError, InputError
from edgecompress.manifest import Manifest
from edgecompress.progress import silent

from .conftest import replace


def agreed(folder):
    return metric_source(bundle.load(folder), folder).sha256


def taken(by, names=None):
    """The metric of the files of a bundle, and nothing else of them, by an agent of its own on this machine."""
    models = Manifest.from_file(by.folder / bundle.MANIFEST).models
    models = {name: models[name] for name in names or models}
    with devices.find("local").connect() as connection:
        agent = AgentOnDevice(connection)
        for name in (*models, bundle.EVAL):
            agent.push(by.folder / name)
        jobs = {name: {"file": name, "layout": file.input_layout, "threads": 1} for name, file in models.items()}
        return take(by, agent, models, jobs, None, silent)


def check_as_the_networks(found, manifest, computed):
    assert (found.notes, found.failures, set(found.results)) == ([], {}, set(manifest.models))
    for name, (result, spread) in found.results.items():
        assert (result.name, result.better, result.samples, result.computed) == ("error", "lower", 24, computed)
        assert result.source_sha256 == manifest.judged.evaluation.source_sha256
        network = manifest.judged.dense if name.startswith("dense") else manifest.judged.compressed
        assert result.value == pytest.approx(network, rel=1e-4)
        assert result.largest_difference < 1e-4 < spread
        assert f"{name.partition('.')[0]}.onnx, first 24 samples" in result.reference


def test_the_host_judges_every_file_as_the_networks_were_from_outputs_in_parts(masks_bundle, monkeypatch):
    monkeypatch.setattr(outputs, "PART", 10 * 4 * (3 * 6 * 5 + 2))
    manifest = bundle.load(masks_bundle)
    check_as_the_networks(taken(by_metric(manifest, masks_bundle)), manifest, "host")


def test_the_device_judges_every_file_as_the_networks_were_by_the_source_that_was_agreed_to(masks_bundle, tmp_path):
    folder = shutil.copytree(masks_bundle, tmp_path / "bundle")
    manifest = bundle.load(folder)
    with pytest.raises(InputError, match=r"metric\.py is not the source that was agreed to; look at it"):
        by_metric(manifest, folder, "0" * 64)
    by = by_metric(manifest, folder, agreed(folder))
    (folder / "metric.py").write_text("raise SystemExit('another one by now')")
    found = taken(by)
    check_as_the_networks(found, manifest, "device")
    compressed, dense = (found.results[f"{stem}.tflite"][0] for stem in ("model", "dense"))
    assert compressed.drop(dense) == pytest.approx(compressed.value - dense.value)
    assert compressed.model_copy(update={"better": "higher"}).drop(dense) == -compressed.drop(dense)
    assert compressed.model_copy(update={"better": None}).drop(dense) is None


def test_what_the_function_raises_there_is_a_line_for_each_file(masks_bundle):
    by = by_metric(bundle.load(masks_bundle), masks_bundle, agreed(masks_bundle))
    for source, line in (
        (b"def error(outputs, targets):\n    return outputs['mask'].abs()", "the metric raised AttributeError: "),
        (b"def error(outputs, targets):\n    return float('nan')", "the metric is nan"),
        (b"import nothing_of_the_kind", "metric.py raised ModuleNotFoundError: No module named 'nothing_of_the_kind'"),
    ):
        found = taken(changed(by, source=changed(by.source, content=source)), ["model.tflite"])
        assert (found.results, list(found.failures)) == ({}, ["model.tflite"])
        assert found.failures["model.tflite"].startswith(line) and "\n" not in found.failures["model.tflite"]


def test_a_file_that_computes_something_else_has_another_metric_and_fails(masks_bundle, tmp_path):
    folder = shutil.copytree(masks_bundle, tmp_path / "bundle")
    replace(folder, "model.tflite", (folder / "dense.tflite").read_bytes())
    output = tmp_path / "record.json"
    with pytest.raises(CheckError, match=r"model\.tflite wrong by .* of the outputs' spread"):
        bench(folder, mode="quick", threads=1, allowed_metric=agreed(folder), output=output)
    files = BenchRecord.from_file(output).files
    assert files["model.tflite"].metric.value == pytest.approx(files["dense.tflite"].metric.value)
    assert all(file.metric.computed == "device" and file.accuracy is None for file in files.values())


def test_a_function_that_changed_or_is_gone_costs_the_metric_alone(masks_bundle):
    by = by_metric(bundle.load(masks_bundle), masks_bundle)

    def note(**changes):
        found = taken(changed(by, evaluation=by.evaluation.model_copy(update=changes)))
        assert (found.results, found.failures) == ({}, {})
        (line,) = found.notes
        assert line.startswith("error was not taken: ") and "\n" not in line
        return line

    assert "is not what it was when the bundle was built; build the bundle anew" in note(source_sha256="0" * 64)
    assert "run bench in the folder where build was run" in note(spec="nets_that_are_gone:error")


def test_a_bundle_without_a_metric_has_none(masks_bundle):
    manifest = bundle.load(masks_bundle).model_copy(update={"judged": None})
    assert by_metric(manifest, masks_bundle) is None
