"""From a bundle to the printed report, over the real adb client."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgecompress.bench.records import BenchRecord
from edgecompress.cli import app

TOOLS = Path(__file__).parents[2] / "tools"
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
    assert sorted(path.name for path in (tmp_path / "edgecompress").iterdir()) == ["blobs", "work"]


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root may make a root file system")
@pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="no mmdebstrap here: apt install mmdebstrap arch-test")
@pytest.mark.skipif(shutil.which("qemu-aarch64-static") is None, reason="no qemu here: apt install qemu-user-static")
def test_a_phone_without_python_is_set_up_and_measured(adb_devices, small_bundle, tmp_path):
    def tool(name, *arguments):
        subprocess.run([TOOLS / "arm64" / name, *arguments], check=True, stdout=subprocess.DEVNULL)

    tool("root", tmp_path / "root")
    tool("wheels", tmp_path / "wheels")
    tool("unpack_wheels", tmp_path / "wheels", tmp_path / "packages")
    tool("portable", tmp_path / "root", tmp_path / "packages", tmp_path / "portable.tar.gz")
    command = [TOOLS / "arm64" / "phone", tmp_path / "phone"]
    serial = adb_devices.start(command=command)
    run("devices", "setup", f"adb:{serial}", "--portable", tmp_path / "portable.tar.gz")
    record = tmp_path / "record.json"
    output = run("bench", small_bundle, "--device", f"adb:{serial}", "--mode", "quick", "--output", record)
    assert "emulated, not measured" in output
    measured = BenchRecord.from_file(record)
    assert measured.taken == "emulated"
    assert (measured.before.machine, set(measured.files)) == ("aarch64", FILES)
    assert all(file.latency and not file.failures for file in measured.files.values())
    run("devices", "clean", f"adb:{serial}")
    assert list((tmp_path / "phone" / "data" / "local" / "tmp").iterdir()) == []
