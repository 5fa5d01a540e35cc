import os
import subprocess
import sys

import numpy as np

from edgecompress.agent import telemetry

from .conftest import write_onnx

RUN = """
import sys
from edgecompress.agent.engines import onnxruntime_engine
module = onnxruntime_engine.prepare()
session = module.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
print(session.run(None, {"x": __import__("numpy").zeros((1, 3, 2, 4), "float32")})[0].shape)
"""


def test_running_a_model_leaves_nothing_in_the_users_folders(tmp_path):
    write_onnx(tmp_path / "model.onnx", np.zeros((5, 24), np.float32))
    (tmp_path / "home").mkdir()
    # A runtime that finds itself in CI keeps quiet by itself.
    kept = {name: value for name, value in os.environ.items() if name not in {"CI", "GITHUB_ACTIONS", *telemetry.OFF}}
    places = {name: str(tmp_path / "home") for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", RUN, tmp_path / "model.onnx"],
        env={**kept, **places},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "(1, 5)\n"
    assert [str(path) for path in (tmp_path / "home").rglob("*") if path.is_file()] == []


def test_who_has_set_a_variable_keeps_its_value(monkeypatch):
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    telemetry.switch_off()
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "0"
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY")
    telemetry.switch_off()
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
