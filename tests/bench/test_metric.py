"""The metric of a network of the user's own, of its files: a bundle of masks and numbers, in both runtimes."""

import io
import json
import shutil
import zipfile
from dataclasses import replace as changed

import numpy as np
import pytest

from edgecompress import bundle
from edgecompress.bench import metric
from edgecompress.bench.metric import by_metric, difference, read
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.run import bench
from edgecompress.deploy.on_device import AgentFailedError
from edgecompress.errors import CheckError
from edgecompress.manifest import End, Manifest

from .conftest import replace

MASK, AREA = End(name="mask", shape=[3, 6, 5], dtype="float32"), End(name="area", shape=[2], dtype="float32")


@pytest.fixture(scope="module")
def judged(masks_bundle, tmp_path_factory):
    """The record of the bundle, whose outputs came in parts of 10 samples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metric, "PART", 10 * 4 * (3 * 6 * 5 + 2))
        return bench(masks_bundle, mode="quick", threads=1, output=tmp_path_factory.mktemp("judged") / "record.json")


def test_every_file_is_judged_by_the_users_function_as_the_networks_were(judged, masks_bundle):
    record, path = judged
    manifest = bundle.load(masks_bundle)
    assert BenchRecord.from_file(path) == record
    assert manifest.judged.better == "lower"
    for file in record.files.values():
        assert file.failures == [] and file.accuracy is None
        found = file.metric
        assert (found.name, found.better, found.samples, found.computed) == ("error", "lower", 24, "host")
        network = manifest.judged.dense if file.kind == "dense" else manifest.judged.compressed
        assert found.value == pytest.approx(network, rel=1e-4)
        assert found.largest_difference < 1e-4
        assert ("model" if file.kind == "compressed" else "dense") + ".onnx" in found.reference
    compressed, dense = (record.files[f"{stem}.tflite"].metric for stem in ("model", "dense"))
    assert compressed.drop(dense) == pytest.approx(compressed.value - dense.value)
    assert compressed.model_copy(update={"better": "higher"}).drop(dense) == -compressed.drop(dense)
    assert compressed.model_copy(update={"better": None}).drop(dense) is None


def test_a_file_that_computes_something_else_has_another_metric_and_fails(masks_bundle, tmp_path):
    folder = shutil.copytree(masks_bundle, tmp_path / "bundle")
    replace(folder, "model.tflite", (folder / "dense.tflite").read_bytes())
    output = tmp_path / "record.json"
    with pytest.raises(CheckError, match=r"model\.tflite wrong by .* of the outputs' spread"):
        bench(folder, mode="quick", threads=1, output=output)
    files = BenchRecord.from_file(output).files
    assert files["model.tflite"].metric.value == pytest.approx(files["dense.tflite"].metric.value)


def test_a_function_that_changed_or_is_gone_costs_the_metric_alone(masks_bundle, tmp_path):
    folder = shutil.copytree(masks_bundle, tmp_path / "bundle")
    manifest = Manifest.from_file(folder / bundle.MANIFEST)

    def note(**changes):
        evaluation = manifest.judged.evaluation.model_copy(update=changes)
        judged = manifest.judged.model_copy(update={"evaluation": evaluation})
        bundle.write_manifest(folder, manifest.model_copy(update={"judged": judged}))
        record, _ = bench(folder, mode="quick", threads=1, output=tmp_path / "record.json")
        assert all(file.metric is None and file.latency for file in record.files.values())
        return next(each for each in record.validity.concerns if each.startswith("error was not taken: "))

    assert "is not what it was when the bundle was built; build the bundle anew" in note(source_sha256="0" * 64)
    assert "run bench in the folder where build was run" in note(spec="nets_that_are_gone:error")


def test_a_bundle_without_a_metric_has_none(small_bundle):
    assert by_metric(bundle.load(small_bundle), small_bundle) is None


def written(tmp_path, **arrays):
    np.savez(tmp_path / "y.npz", **arrays)
    return tmp_path / "y.npz"


def test_outputs_are_read_in_the_networks_order_and_layout(tmp_path):
    mask, area = np.arange(2 * 90, dtype=np.float32).reshape(2, 3, 6, 5), np.zeros((2, 2), np.float16)
    first = read(written(tmp_path, area=area, mask=mask), 2, (MASK, AREA), "channels_first")
    last = read(written(tmp_path, area=area, mask=np.moveaxis(mask, 1, -1).copy()), 2, (MASK, AREA), "channels_last")
    for found in (first, last):
        assert np.array_equal(found[0], mask) and found[1].dtype == np.float32
    (only,) = read(written(tmp_path, other=mask), 2, (MASK,), "channels_first")
    assert np.array_equal(only, mask)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"mask": np.zeros((3, 3, 6, 5), np.float32)}, r"must be numbers of shape \[2, 3, 6, 5\]"),
        ({"mask": np.zeros((2, 3, 6, 5), "S8")}, "must be numbers"),
        ({"mask": np.zeros((2, 3, 6, 5), np.float32)}, "no item named 'area"),
        ({}, "no item named"),
    ],
)
def test_what_a_board_says_is_not_trusted(tmp_path, arrays, said):
    with pytest.raises(AgentFailedError, match=f"outputs cannot be taken: .*{said}"):
        read(written(tmp_path, **arrays), 2, (MASK, AREA), "channels_first")


def test_a_header_that_promises_more_than_there_is_takes_no_memory(tmp_path):
    header = io.BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (2, 3, 6, 5)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(tmp_path / "y.npz", "w") as archive:
        archive.writestr("mask.npy", header.getvalue() + b"\0" * 8)
    with pytest.raises(AgentFailedError, match="'mask' is cut short"):
        read(tmp_path / "y.npz", 2, (MASK, AREA), "channels_first")
    (tmp_path / "y.npz").write_bytes(b"no archive")
    with pytest.raises(AgentFailedError, match="cannot be taken"):
        read(tmp_path / "y.npz", 2, (MASK, AREA), "channels_first")


def test_the_output_that_differs_most_for_its_spread_counts():
    large, small = np.array([[0.0], [100.0]], np.float32), np.array([[0.0], [1.0]], np.float32)
    assert difference([large + 1, small + 0.5], [large, small]) == (0.5, 1.0)
    assert difference([large + 1, small], [large, small]) == (1.0, 100.0)
    assert difference([small * 0 + 1], [small * 0]) == (1.0, 0.0), "a constant that is another"


def test_a_reason_is_one_line(masks_bundle, tmp_path):
    by = by_metric(bundle.load(masks_bundle), masks_bundle)
    assert metric._judge(by, {}, 0, tmp_path) == ({"values": {}, "errors": {}}, "")
    gone = by.judged.model_copy(update={"evaluation": by.judged.evaluation.model_copy(update={"spec": "no:one"})})
    found, reason = metric._judge(changed(by, judged=gone), {}, 0, tmp_path)
    assert found == {} and "\n" not in reason and json.dumps(reason)
