"""From a bundle to the printed report, over the real adb client."""

import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgecompress.bench.records import BenchRecord
from edgecompress.cli import app

TOOLS = Path(__file__).parents[2] / "tools" / "arm64"
FILES = {"dense.onnx", "model.onnx", "dense.tflite", "model.tflite"}


def run(*arguments):
    result = CliRunner(env={"COLUMNS": "120"}).invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return result.output


def test_a_bundle_is_measured_and_reported(adb_devices, small_bundle, tmp_path):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    serial = adb_devices.start(PATH=path, TMPDIR=str(tmp_path))
    record = tmp_path / "record.json"
    output = run("bench", small_bundle, "--device", f"adb:{serial}", "--mode", "quick", "--output", record)
    assert f"Device: adb:{serial}" in output
    files = BenchRecord.from_file(record).files
    assert set(files) == FILES
    assert all(file.latency and not file.failures for file in files.values())
    # What stays there is what the next run need not send again.
    assert sorted(path.name for path in (tmp_path / "edgecompress").iterdir()) == [".edgecompress", "blobs", "work"]


@pytest.mark.slow
def test_a_phone_without_python_is_set_up_and_measured(arm64, adb_devices, small_bundle, tmp_path):
    archive = tmp_path / "portable.tar.gz"
    arm64("portable", arm64.folder / "root", arm64.folder / "packages", archive)
    serial = adb_devices.start(command=[TOOLS / "phone", tmp_path / "phone"])
    run("devices", "setup", f"adb:{serial}", "--portable", archive)
    record = tmp_path / "record.json"
    output = run("bench", small_bundle, "--device", f"adb:{serial}", "--mode", "quick", "--output", record)
    assert "emulated, not measured" in output
    measured = BenchRecord.from_file(record)
    assert measured.taken == "emulated"
    assert (measured.before.machine, set(measured.files)) == ("aarch64", FILES)
    assert all(file.latency and not file.failures for file in measured.files.values())
    run("devices", "clean", f"adb:{serial}", "--yes")
    assert list((tmp_path / "phone" / "data" / "local" / "tmp").iterdir()) == []
