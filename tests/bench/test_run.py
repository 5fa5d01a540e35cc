import json
from datetime import datetime

import numpy as np
import pytest

from edgecompress import bundle
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.run import bench
from edgecompress.errors import InputError, RuntimeFailedError


def test_the_record_is_written_whole_and_reads_back_the_same(measured):
    record, path, folder = measured
    assert path.parent == folder / "bench"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert BenchRecord.from_file(path) == record
    assert record.bundle.manifest_sha256 == bundle.digest(folder / "manifest.json")
    assert datetime.fromisoformat(record.created).tzinfo is not None
    bundle.load(folder)  # a record in a bundle leaves it a bundle


def test_every_file_has_every_figure(measured):
    record, _, folder = measured
    manifest = bundle.load(folder)
    assert set(record.files) == {"dense.onnx", "model.onnx", "dense.tflite", "model.tflite"}
    for name, file in record.files.items():
        assert file.failures == []
        assert file.sha256 == manifest.models[name].sha256
        assert file.bytes == (folder / name).stat().st_size
        assert len(file.latency.samples_ns) >= 100
        assert file.latency.summary.p50 == np.median(file.latency.samples_ns)
        assert file.memory.load_ns > 0
        assert file.memory.peak > 10 * 2**20
        assert file.accuracy.samples == 100
    assert [(each.compressed, each.dense) for each in record.comparisons] == [
        ("model.onnx", "dense.onnx"),
        ("model.tflite", "dense.tflite"),
    ]


def test_int8_files_are_measured_beside_the_others_and_get_right_what_they_did_where_they_were_built(
    int8_bundle, tmp_path
):
    record, _ = bench(int8_bundle, mode="quick", threads=1, output=tmp_path / "record.json")
    manifest = bundle.load(int8_bundle)
    assert {(each.compressed, each.dense) for each in record.comparisons} == {
        (f"{stem}.{suffix}", f"dense.{suffix}")
        for stem in ("model", "model-int8", "dense-int8")
        for suffix in ("onnx", "tflite")
    }
    for name, file in manifest.models.items():
        measured = record.files[name]
        assert measured.failures == []
        assert measured.kind == file.kind
        if file.accuracy:
            assert measured.accuracy.correct == file.accuracy.correct
            assert measured.accuracy.reference.startswith({"int8": "model-int8", "dense-int8": "dense-int8"}[file.kind])
    # The same integers in another process give the same numbers.
    assert record.files["model-int8.onnx"].accuracy.largest_difference == 0


def test_accuracy_is_what_the_files_say_of_the_bundles_data(measured):
    import onnxruntime

    record, _, folder = measured
    with np.load(folder / "eval.npz") as data:
        x, y = data["x"], data["y"]
    for name in ("dense.onnx", "model.onnx"):
        session = onnxruntime.InferenceSession(str(folder / name), providers=["CPUExecutionProvider"])
        said = np.concatenate([session.run(None, {session.get_inputs()[0].name: row[None]})[0] for row in x])
        assert record.files[name].accuracy.correct == int((said.argmax(axis=1) == y).sum())
        assert record.files[name].accuracy.largest_difference < 1e-4


def test_formats_are_held_against_one_reference(measured):
    files = measured[0].files
    assert "dense.onnx" in files["dense.tflite"].accuracy.reference
    assert "model.onnx" in files["model.tflite"].accuracy.reference
    # Float32 in another order, and weights rounded to float16: close, and not the same.
    assert 0 < files["dense.tflite"].accuracy.largest_difference < 1e-2
    assert 0 < files["model.tflite"].accuracy.largest_difference < 0.5


def test_a_file_that_kills_its_runtime_and_one_that_is_refused_cost_only_their_own_rows(broken, killer, tmp_path):
    folder = broken(model_tflite=killer, model_onnx=b"\0" * 500)
    output = tmp_path / "deep" / "record.json"
    record, path = bench(folder, mode="quick", threads=1, output=output)
    assert path == output
    dead, refused = record.files["model.tflite"], record.files["model.onnx"]
    for file, words in ((dead, "SIGSEGV"), (refused, "onnxruntime does not load model.onnx")):
        assert [failure.step for failure in file.failures] == ["latency", "memory", "accuracy"]
        assert all(words in failure.message for failure in file.failures)
        assert (file.latency, file.memory, file.accuracy) == (None, None, None)
    for name in ("dense.onnx", "dense.tflite"):
        assert record.files[name].failures == []
        assert record.files[name].latency.together_with == []
        assert record.files[name].accuracy.samples == 100
    assert record.comparisons == []


def test_where_nothing_runs_the_record_is_kept_and_the_error_says_where(broken, killer, tmp_path):
    refused = b"\0" * 500
    folder = broken(dense_onnx=refused, model_onnx=refused, dense_tflite=killer, model_tflite=killer)
    with pytest.raises(RuntimeFailedError, match=r"no file of the bundle ran: .* \(record: .*r\.json\)"):
        bench(folder, mode="quick", threads=1, output=tmp_path / "r.json")
    assert all(len(file.failures) == 3 for file in BenchRecord.from_file(tmp_path / "r.json").files.values())


def test_a_bundle_for_a_board_says_that_the_figures_are_not_its(for_a_board):
    assert for_a_board.device.is_target is False
    assert "Raspberry Pi 4 Model B" in for_a_board.device.note
    assert "say nothing about that board" in for_a_board.device.note
    assert for_a_board.threads == min(4, len(for_a_board.before.affinity))
    assert "rpi4" in for_a_board.threads_note


def test_a_bundle_for_this_machine_is_measured_on_its_target(measured):
    record = measured[0]
    assert record.device.is_target is True
    assert record.taken in ("measured", "emulated")
    assert (record.threads, record.threads_note) == (1, "given")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"device": "rpi4"}, "no device of the profile .rpi4. is registered"),
        ({"mode": "quik"}, "did you mean 'quick'"),
    ],
)
def test_wrong_options_are_one_line(small_bundle, options, line):
    with pytest.raises(InputError, match=line):
        bench(small_bundle, **options)


def test_a_folder_that_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(InputError, match="is not a bundle"):
        bench(tmp_path)


def test_samples_are_whole_numbers_of_nanoseconds_in_the_file(measured):
    document = json.loads(measured[1].read_text())
    samples = document["files"]["dense.onnx"]["latency"]["samples_ns"]
    assert all(isinstance(sample, int) and sample > 0 for sample in samples)
