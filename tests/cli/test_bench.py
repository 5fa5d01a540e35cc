import json
import shutil

import pytest

from edgecompress.bench.records import BenchRecord


@pytest.fixture
def copy(small_bundle, tmp_path):
    return shutil.copytree(small_bundle, tmp_path / "bundle")


def test_from_a_bundle_to_a_table_and_a_record(edgecompress, copy):
    done = edgecompress("bench", copy, "--device", "local", "--mode", "quick")
    assert done.returncode == 0, done.stderr
    for expected in ("model.onnx", "dense.tflite", "p50", "abstract only"):
        assert expected in done.stdout
    (path,) = (copy / "bench").glob("*.json")
    record = BenchRecord.from_file(path)
    assert str(path) in done.stdout.replace("\n", "")
    assert all(not file.failures for file in record.files.values())


def test_the_record_as_json_and_where_it_was_asked_for(edgecompress, copy, tmp_path):
    done = edgecompress("bench", copy, "--mode", "quick", "--json", "-o", tmp_path / "r.json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((tmp_path / "r.json").read_text())


def test_wrong_inputs(refused, copy, tmp_path):
    assert "not a bundle" in refused("bench", "nowhere")
    assert "unknown mode 'fast'" in refused("bench", copy, "--mode", "fast")
    assert "unknown writer 'pdf'" in refused("bench", copy, "--report", "pdf")
    assert "devices add NAME ssh://user@host --target rpi4" in refused("bench", copy, "--device", "rpi4")
    assert "is not an address" in refused("bench", copy, "--device", "ssh://a board")
    (copy / "model.onnx").write_bytes(b"")
    assert "model.onnx is not the file that build wrote" in refused("bench", copy)
