import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from edgecompress import bundle
from edgecompress.errors import InputError
from edgecompress.sources.judging import function_of, value_of

SOURCE = "def far(outputs, targets):\n    return (outputs[1] - targets).abs().max()\n"


def test_the_function_gets_tensors_as_in_a_build_and_gives_one_finite_number():
    outputs, targets = [np.zeros((3, 2), np.float32), np.ones(3, np.float32)], np.zeros(3, np.float32)

    def kinds(out, given):
        assert isinstance(out[1], torch.Tensor) and isinstance(given, torch.Tensor)
        return out[1].sum()

    assert value_of(kinds, [0, 1], outputs, targets) == 3
    for wrong, said in (
        (lambda out, _: out[0], "the metric raised"),
        (lambda *_: 1 / 0, "the metric raised ZeroDivisionError: division by zero"),
        (lambda *_: float("nan"), "the metric is nan"),
    ):
        with pytest.raises(InputError, match=said):
            value_of(wrong, [0, 1], outputs, targets)


def test_only_the_function_of_the_build_is_run_and_never_one_of_the_bundle(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(SOURCE)
    same = bundle.digest(tmp_path / "mine.py")
    for spec in ("mine.py:far", "mine:far"):
        assert function_of(spec, same, tmp_path / "bundle").__name__ == "far"
        with pytest.raises(InputError, match=r"mine\.py is not what it was when the bundle was built"):
            function_of(spec, "0" * 64, tmp_path / "bundle")
        with pytest.raises(InputError, match="no code of a bundle is run"):
            function_of(spec, same, tmp_path)
    with pytest.raises(InputError, match="run bench in the folder where build was run"):
        function_of("gone.py:far", same, tmp_path / "bundle")


def test_as_a_program_it_judges_each_file_and_one_that_fails_costs_no_other(tmp_path):
    (tmp_path / "mine.py").write_text(SOURCE)
    np.savez(tmp_path / "eval.npz", x=np.zeros((3, 1)), y=np.zeros(3, np.float32))
    for name, values in (("a", [1, 2]), ("b", [3]), ("bad", [np.nan, 0, 0])):
        np.savez(tmp_path / f"{name}.npz", np.zeros((len(values), 2), np.float32), np.array(values, np.float32))
    job = {
        "spec": f"{tmp_path}/mine.py:far",
        "source_sha256": bundle.digest(tmp_path / "mine.py"),
        "bundle": str(tmp_path / "bundle"),
        "data": str(tmp_path / "eval.npz"),
        "targets": "y",
        "layout": [0, 1],
        "count": 3,
        "files": {
            "model.onnx": [str(tmp_path / "a.npz"), str(tmp_path / "b.npz")],
            "dense.onnx": [str(tmp_path / "bad.npz")],
        },
        "result": str(tmp_path / "result.json"),
    }

    def run():
        (tmp_path / "job.json").write_text(json.dumps(job))
        command = [sys.executable, "-P", "-m", "edgecompress.sources.judging", str(tmp_path / "job.json")]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run().returncode == 0
    found = json.loads((tmp_path / "result.json").read_text())
    assert found == {"values": {"model.onnx": 3.0}, "errors": {"dense.onnx": "the metric is nan"}}
    job["source_sha256"] = "0"
    done = run()
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "build the bundle anew" in done.stderr
