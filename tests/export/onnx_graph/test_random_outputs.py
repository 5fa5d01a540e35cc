import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgecompress.export.onnx_graph.random_outputs import DOES_NOT_LOAD, DOES_NOT_RUN


def save(path, nodes, inputs, outputs):
    graph = helper.make_graph(nodes, "g", inputs, outputs)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), path)
    return path


def run(model, folder):
    written = folder / "y.npz"
    command = [sys.executable, "-m", "edgecompress.export.onnx_graph.random_outputs", str(model), str(written)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done, dict(np.load(written)) if written.exists() else None


def test_inputs_of_all_kinds_are_fed_and_all_outputs_kept(tmp_path):
    kinds = (TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL, TensorProto.UINT8, TensorProto.FLOAT16)
    inputs = [helper.make_tensor_value_info(f"x{kind}", kind, ["n", 3]) for kind in kinds]
    outputs = [helper.make_tensor_value_info(f"y{kind}", kind, ["n", 3]) for kind in kinds]
    nodes = [helper.make_node("Identity", [f"x{kind}"], [f"y{kind}"]) for kind in kinds]
    model = save(tmp_path / "m.onnx", nodes, inputs, outputs)
    done, found = run(model, tmp_path)
    assert done.returncode == 0, done.stderr
    assert {name: array.dtype.name for name, array in found.items()} == {
        "y1": "float32", "y7": "int64", "y9": "bool", "y2": "uint8", "y10": "float16",
    }  # fmt: skip
    assert all(array.shape == (1, 3) for array in found.values())
    assert len(np.unique(found["y1"])) == 3
    assert set(found["y7"].reshape(-1)) <= {0, 1}
    (tmp_path / "again").mkdir()
    assert np.array_equal(run(model, tmp_path / "again")[1]["y1"], found["y1"])


def test_what_does_not_load_and_what_does_not_run_differ(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    done, found = run(tmp_path / "broken.onnx", tmp_path)
    assert (done.returncode, found) == (DOES_NOT_LOAD, None)
    assert len(done.stderr.strip().splitlines()) == 1
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [name, 2]) for name in ("a", "b")]
    inputs.append(helper.make_tensor_value_info("s", TensorProto.INT64, [1]))
    nodes = [helper.make_node("Expand", ["a", "s"], ["e"]), helper.make_node("Reshape", ["b", "s"], ["y"])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    # "s" is 0 or 1, and two numbers cannot be reshaped to one, nor to none
    done, found = run(save(tmp_path / "needy.onnx", nodes, inputs, outputs), tmp_path)
    assert (done.returncode, found) == (DOES_NOT_RUN, None)


def test_an_input_of_text_is_said_to_be_one(tmp_path):
    inputs = [helper.make_tensor_value_info("words", TensorProto.STRING, [2])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.STRING, [2])]
    model = save(tmp_path / "m.onnx", [helper.make_node("Identity", ["words"], ["y"])], inputs, outputs)
    done, _ = run(model, tmp_path)
    assert done.returncode == DOES_NOT_RUN
    assert "'words' is tensor(string)" in done.stderr


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
