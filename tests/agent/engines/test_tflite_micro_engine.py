import importlib.util
import shutil
import subprocess
import sys

import numpy as np
import pytest

from edgecompress.agent.engines.tflite_micro_engine import MicroInterpreter, prepare
from edgecompress.agent.errors import JobError, RuntimeRefusedError

needs = pytest.mark.skipif(importlib.util.find_spec("tflite_micro") is None, reason="tflite-micro is not installed")


@needs
def test_the_arena_is_enough_and_hardly_more(micro_bundle):
    from tflite_micro.python.tflite_micro.runtime import Interpreter

    path = micro_bundle / "model-int8.tflite"
    made = MicroInterpreter(path)
    assert Interpreter.from_file(str(path), arena_size=made.arena).invoke() == 0
    with pytest.raises(RuntimeError):
        Interpreter.from_file(str(path), arena_size=made.arena - max(1024, made.arena // 50))
    # The largest input and output that are there at once: those of the first convolution, a byte a value.
    assert made.arena > made.persistent + 32 * 32


@needs
def test_outputs_are_the_interpreter_s_and_nothing_is_printed(micro_bundle, capfd):
    from tflite_micro.python.tflite_micro.runtime import Interpreter

    path = micro_bundle / "model-int8.tflite"
    made = MicroInterpreter(path)
    x = np.random.default_rng(0).standard_normal((1, 32, 32, 1)).astype(np.float32)
    produced = made.run(x)
    del made
    assert capfd.readouterr().err.count("Recording") <= 10  # the interpreter's end, which it tells anyway
    other = Interpreter.from_file(str(path))
    other.set_input(x, 0)
    other.invoke()
    np.testing.assert_array_equal(produced, other.get_output(0))


@needs
def test_a_refusal_names_the_operator(small_bundle, tmp_path):
    path = tmp_path / "float.tflite"
    shutil.copyfile(small_bundle / "model.tflite", path)
    with pytest.raises(RuntimeRefusedError, match="DENSIFY"):
        MicroInterpreter(path)


def test_a_missing_runtime_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "tflite_micro.python.tflite_micro.runtime", None)
    with pytest.raises(JobError, match=r"pip install 'edgecompress\[micro\]'"):
        prepare()


def test_it_runs_on_an_old_python_too():
    """The agent's modules must be read by Python 3.9."""
    code = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 9))"
    path = importlib.util.find_spec("edgecompress.agent.engines.tflite_micro_engine").origin
    subprocess.run([sys.executable, "-c", code, path], check=True)
