import json
import shutil

import pytest

from edgecompress.bench.records import BenchRecord


@pytest.fixture
def copy(small_bundle, tmp_path):
    return shutil.copytree(small_bundle, tmp_path / "bundle")


def test_from_a_bundle_to_a_table_and_a_record(edgecompress, copy):
    done = edgecompress("bench", copy, "--device", "local", "--mode", "quick", "--profile")
    assert done.returncode == 0, done.stderr
    assert "by onnxruntime's own profiler" in " ".join(done.stdout.split())
    assert sum(line.split()[:1] == ["model.onnx"] and " Conv " in line for line in done.stdout.splitlines()) >= 1
    for expected in ("model.onnx", "dense.tflite", "p50", "Device: local", "(the method is in it, and printed with"):
        assert expected in done.stdout
    for method in ("the ratio that papers state", "Latency: mode quick", "Load and memory:"):
        assert method not in done.stdout
    (path,) = (copy / "bench").glob("*.json")
    record = BenchRecord.from_file(path)
    assert str(path) in done.stdout.replace("\n", "")
    assert all(not file.failures for file in record.files.values())


def test_a_metric_that_the_user_agreed_to_is_shown_and_taken_by_the_device(edgecompress, masks_bundle, tmp_path):
    done = edgecompress("bench", masks_bundle, "--mode", "quick", "--run-metric", "--verbose", "-o", "r.json")
    assert done.returncode == 0, done.stderr
    assert f"{masks_bundle}/metric.py (8 lines, SHA-256 " in done.stderr and "which local would run:" in done.stderr
    assert "    5  def error(outputs, targets):" in done.stderr.splitlines()
    found = BenchRecord.from_file(tmp_path / "r.json").files["model.tflite"].metric
    assert (found.name, found.computed) == ("error", "device")
    assert "judged by your function on the device; lower is better." in " ".join(done.stdout.split())


TWO = """
import torch
from torch import nn


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.mix, self.last = nn.Embedding(20, 8), nn.Linear(4, 8), nn.Linear(8, 8)

    def forward(self, tokens, x):
        h = self.table(tokens).mean(1) + torch.relu(self.mix(x))
        return {"last": self.last(h), "sum": h.sum(1, keepdim=True)}


def two():
    torch.manual_seed(0)
    return Two()
"""


def test_a_bundle_of_several_inputs_of_which_one_is_whole_numbers(edgecompress, tmp_path):
    (tmp_path / "nets.py").write_text(TWO)
    shapes = 'inputs.shapes=["tokens=16:int64", "x=4"]'
    done = edgecompress("build", "--target", "host", "--model", "nets:two", "--set", shapes, "-o", "two")
    assert done.returncode == 0, done.stderr
    done = edgecompress("bench", "two", "--mode", "quick", "--profile", "--verbose", "-o", "r.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("two without data, for host: measured")
    assert "Accuracy: not measured." in done.stdout
    files = BenchRecord.from_file(tmp_path / "r.json").files
    assert {name: (file.failures, file.latency.inputs) for name, file in files.items()} == {
        name: ([], "rows") for name in ("dense.onnx", "dense.tflite", "model.onnx", "model.tflite")
    }
    assert all(file.memory.peak for file in files.values())


def test_without_a_bundle_the_newest_in_dist_is_measured_and_without_one_a_line_says_how_to_make_it(
    edgecompress, refused, copy, tmp_path
):
    line = refused("bench", "--device", "jetson")
    assert "edgecompress build --target jetson-nano --model alexnet --data digits" in line
    (tmp_path / "dist").mkdir()
    copy.rename(tmp_path / "dist" / "mine")
    done = edgecompress("bench", "--mode", "quick", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("measures dist/mine, the newest bundle in dist/, made 20")
    assert "\ntime: 14 s to 3 minutes (mode quick, 4 files in 2 runtimes)\n" in done.stderr
    (record,) = (tmp_path / "dist/mine/bench").glob("*.json")
    assert json.loads(done.stdout) == json.loads(record.read_text())
    done = edgecompress("bench", "--device", "jetson")
    assert done.returncode == 2
    assert "no device of the profile 'jetson' is registered" in done.stderr


def test_wrong_inputs(refused, copy, tmp_path):
    assert "not a bundle" in refused("bench", "nowhere")
    assert "is a folder; name the file to write" in refused("bench", copy, "--output", copy)
    assert "unknown mode 'fast'" in refused("bench", copy, "--mode", "fast")
    assert "has no NoSuchProvider; it has " in refused("bench", copy, "--provider", "NoSuchProvider", "--mode", "quick")
    assert "cannot load the delegate /no/such.so" in refused("bench", copy, "--delegate", "/no/such.so")
    assert "unknown writer 'pdf'" in refused("bench", copy, "--report", "pdf")
    assert "devices add NAME ssh://user@host --target rpi4" in refused("bench", copy, "--device", "rpi4")
    assert "is not an address" in refused("bench", copy, "--device", "ssh://a board")
    (copy / "model.onnx").write_bytes(b"")
    assert "model.onnx is not the file that build wrote" in refused("bench", copy)


def test_several_devices_are_one_table_and_a_failed_one_an_exit_code(edgecompress, copy):
    done = edgecompress("bench", copy, "--device", "local,ssh://nobody@127.0.0.1:1", "--mode", "quick")
    assert done.returncode == 4
    assert "1 of 2 devices failed: ssh://nobody@127.0.0.1:1" in done.stderr
    assert sum(line.startswith("local ") for line in done.stdout.splitlines()) == 4
    assert "failed: ssh://nobody@127.0.0.1:1: it is there and refuses" in " ".join(done.stdout.split())
    (path,) = (copy / "bench").glob("*.json")
    assert f"record: {path}" in done.stdout


def test_a_disturbed_run_is_refused_unless_it_is_accepted(copy, measured, monkeypatch):
    from typer.testing import CliRunner

    from edgecompress.bench import run
    from edgecompress.cli import app
    from edgecompress.errors import CheckError

    record, path, _ = measured
    noisy = record.validity.model_copy(update={"disturbed": ["other processes used 3 of 4 cores"]})
    monkeypatch.setattr(run, "bench", lambda *a, **k: (record.model_copy(update={"validity": noisy}), path))
    refused = CliRunner().invoke(app, ["bench", str(copy)])
    assert isinstance(refused.exception, CheckError)
    assert "3 of 4 cores" in str(refused.exception)
    assert f"record: {copy}/bench/local-" in refused.output.replace("\n", "")
    for options in (["--allow-noisy"], ["--mode", "quick"]):
        assert CliRunner().invoke(app, ["bench", str(copy), *options]).exit_code == 0
