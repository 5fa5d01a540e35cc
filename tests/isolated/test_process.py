import os
import sys
import time

import pytest

from edgecompress.errors import CheckError, InputError
from edgecompress.isolated.process import run_program, run_step, signal_name


def job(path, tmp_path):
    return {
        "file": str(path),
        "inputs": str(tmp_path / "x.npz"),
        "output": str(tmp_path / "y.npz"),
        "layout": "channels_first",
    }


def test_a_wrong_job_is_the_callers_mistake(tmp_path):
    path = tmp_path / "absent.onnx"
    with pytest.raises(InputError, match=r"absent\.onnx"):
        run_step("outputs", job(path, tmp_path), path, seconds=60)


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", r"m\.tflite: its runtime crashed \(SIGSEGV\)"),
        ("import os; os.abort()", r"m\.tflite: its runtime crashed \(SIGABRT\)"),
        ("import sys; print('last words', file=sys.stderr); sys.exit(9)", r"m\.tflite: .*failed .*: last words"),
        ("import time; time.sleep(60)", r"m\.tflite: .*did not finish .* within 1 s"),
    ],
)
def test_a_process_that_dies_or_hangs_is_reported_with_the_file(tmp_path, monkeypatch, code, line):
    # A Python that does this whatever it is asked to run stands for a runtime that a file kills.
    stand_in = tmp_path / "python"
    stand_in.write_text(f"#!{sys.executable}\n{code}\n")
    stand_in.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stand_in))
    start = time.monotonic()
    with pytest.raises(CheckError, match=line):
        run_step("outputs", {}, tmp_path / "m.tflite", seconds=1)
    assert time.monotonic() - start < 30


def test_signals_have_names():
    assert (signal_name(11), signal_name(250)) == ("SIGSEGV", "signal 250")


def test_a_program_of_its_own_says_how_it_ended(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    programs = {
        "good": "print('done')",
        "bad": "import sys; sys.stderr.write('first\\nthe reason\\n'); sys.exit(3)",
        "dead": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "slow": "import time; time.sleep(60)",
    }
    for name, code in programs.items():
        (tmp_path / f"a_{name}_program.py").write_text(code)
    ends = {name: run_program(f"a_{name}_program", [], seconds=1 if name == "slow" else 60) for name in programs}
    assert ends["good"][0] == 0
    assert ends["bad"] == (3, "the reason")
    assert ends["dead"] == (-11, "it crashes the runtime, SIGSEGV")
    assert ends["slow"][0] < 0
    assert ends["slow"][1] == "it did not finish within 1 s"
