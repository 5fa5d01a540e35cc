import importlib.util
import subprocess
import sys

import pytest

from edgecompress.errors import CheckError, InputError, MissingDependencyError
from edgecompress.export.microcontroller import vela


def test_the_estimate_is_vela_s_own_of_the_same_file(micro_bundle, tmp_path):
    path = micro_bundle / "model-int8.tflite"
    found = vela.compile_for("ethos-u85-256", path, tmp_path / "compiled.tflite")
    options = ["--accelerator-config", "ethos-u85-256", "--config", "Arm/vela.ini", "--output-dir", str(tmp_path)]
    options += ["--system-config", found.system, "--memory-mode", found.memory_mode]
    command = [sys.executable, "-P", "-m", "ethosu.vela", str(path), *options]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (tmp_path / "model-int8_vela.tflite").read_bytes() == (tmp_path / "compiled.tflite").read_bytes()
    sram = next(line.split()[-2] for line in said.splitlines() if line.startswith("Total SRAM used"))
    assert found.sram_bytes == pytest.approx(1024 * float(sram), abs=10)
    assert f"CPU operators = {len(found.on_cpu)} " in said
    assert 0 < found.encoded_weight_bytes < found.file_bytes


def test_what_vela_stops_at_is_named(micro_bundle, tmp_path):
    """AlexNet's first convolution."""
    with pytest.raises(
        InputError, match=r"does not compile .* ethos-u55-128 .* a stride over 3 behind padding.* one of 4"
    ):
        vela.compile_for("ethos-u55-128", micro_bundle / "model-int8.tflite", tmp_path / "compiled.tflite")


def test_a_summary_of_another_form_is_an_error(tmp_path):
    summary = tmp_path / "x_summary_y.csv"
    summary.write_text("system_config,memory_mode\na,b\n")
    with pytest.raises(CheckError, match="has no such figures"):
        vela._estimate(summary, summary, "ethos-u85-256", "9.0")


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"edgecompress\[ethos-u\]"):
        vela.check_installed()


def test_a_file_of_the_user_s_own_is_estimated_and_nothing_is_written_beside_it(micro_bundle, small_bundle, tmp_path):
    path = micro_bundle / "model-int8.tflite"
    before = sorted(micro_bundle.iterdir())
    assert vela.estimate("ethos-u85-256", path) == vela.compile_for("ethos-u85-256", path, tmp_path / "c.tflite")
    assert sorted(micro_bundle.iterdir()) == before
    with pytest.raises(InputError, match="convert it before"):
        vela.estimate("ethos-u85-256", small_bundle / "model.onnx")
    with pytest.raises(InputError, match="did you mean 'ethos-u85-256'"):
        vela.estimate("ethos-u85-25", path)
