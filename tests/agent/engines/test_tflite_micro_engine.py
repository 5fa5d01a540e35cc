import importlib.util
import shutil
import subprocess
import sys

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.agent.engines.tflite_micro_engine import MicroInterpreter, prepare
from edgecompress.agent.errors import JobError, RuntimeRefusedError
from edgecompress.formats import find

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
def test_an_arena_in_which_the_runtime_crashes_is_too_small(tmp_path):
    """Of two layers on 64 values, as of a sensor: a few bytes below what is enough there is no refusal but SIGSEGV."""
    path = tmp_path / "dense.tflite"
    _write_dense(path)
    program = (
        "import sys; from tflite_micro.python.tflite_micro.runtime import Interpreter\n"
        "Interpreter.from_file(sys.argv[1], arena_size=int(sys.argv[2]))"
    )

    def ended(size):
        command = [sys.executable, "-c", program, str(path), str(size)]
        return subprocess.run(command, check=False, capture_output=True).returncode

    arena = MicroInterpreter(path).arena
    assert ended(arena) == 0
    assert any(ended(arena - 16 * steps) != 0 for steps in (1, 2))


def _write_dense(path):
    """Two fully connected layers, 64 to 16 to 10, in int8."""
    random = np.random.default_rng(0)
    shapes = {"a": (16, 64), "c": (16,), "b": (10, 16), "d": (10,)}
    given = [numpy_helper.from_array(random.standard_normal(s).astype(np.float32), n) for n, s in shapes.items()]
    nodes = [
        helper.make_node("Gemm", ["x", "a", "c"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "b", "d"], ["y"], transB=1),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", s]) for n, s in (("x", 64), ("y", 10))]
    graph = helper.make_graph(nodes, "dense", ends[:1], ends[1:], given)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    (tflite,) = [each for each in find.formats() if each.name == "tflite"]
    inputs = random.standard_normal((32, 64)).astype(np.float32)
    tflite.int8(ir.from_proto(model), path, inputs, compress=True, encoding="smallest")


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
    with pytest.raises(JobError, match=r"pip install 'edgecompress\[tflite-micro\]'"):
        prepare()


def test_it_runs_on_an_old_python_too():
    """The agent's modules must be read by Python 3.9."""
    code = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 9))"
    path = importlib.util.find_spec("edgecompress.agent.engines.tflite_micro_engine").origin
    subprocess.run([sys.executable, "-c", code, path], check=True)
