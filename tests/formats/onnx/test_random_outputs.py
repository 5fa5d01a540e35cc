import json
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgecompress.equivalence.attempts import attempts
from edgecompress.equivalence.random_inputs import AGAIN, DOES_NOT_LOAD, DOES_NOT_RUN
from edgecompress.formats.onnx.attempts import inputs as inputs_of
from edgecompress.formats.onnx.attempts import wanted


def save(path, nodes, inputs, outputs):
    graph = helper.make_graph(nodes, "g", inputs, outputs)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), path)
    return path


def run(model, folder, *how):
    """The process, the outputs, and what it said of them."""
    tries = []
    if model.stat().st_size > 50:
        graph = onnx.load(model).graph
        tries = [each.model_dump() for each in attempts(inputs_of(graph), None, wanted(graph))]
    (folder / "tries.json").write_text(json.dumps(tries))
    command = [sys.executable, "-m", "edgecompress.formats.onnx.random_outputs"]
    command += [str(model), str(folder / "tries.json"), str(folder), *how]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    written, said = folder / "outputs.npz", folder / "report.json"
    if not written.exists():
        return done, None, None
    return done, dict(np.load(written)), json.loads(said.read_text())


def test_inputs_of_all_kinds_are_fed_and_all_outputs_kept(tmp_path):
    kinds = (TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL, TensorProto.UINT8, TensorProto.FLOAT16)
    inputs = [helper.make_tensor_value_info(f"x{kind}", kind, ["n", 3]) for kind in kinds]
    outputs = [helper.make_tensor_value_info(f"y{kind}", kind, ["n", 3]) for kind in kinds]
    nodes = [helper.make_node("Identity", [f"x{kind}"], [f"y{kind}"]) for kind in kinds]
    model = save(tmp_path / "m.onnx", nodes, inputs, outputs)
    done, found, _ = run(model, tmp_path)
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
    done, found, _ = run(tmp_path / "broken.onnx", tmp_path)
    assert (done.returncode, found) == (DOES_NOT_LOAD, None)
    assert len(done.stderr.strip().splitlines()) == 1
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])]
    five = helper.make_node("Constant", [], ["s"], value_ints=[5])  # which no even number of elements can be
    nodes = [five, helper.make_node("Reshape", ["x", "s"], ["y"])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [5])]
    done, found, _ = run(save(tmp_path / "needy.onnx", nodes, inputs, outputs), tmp_path)
    assert (done.returncode, found) == (DOES_NOT_RUN, None)


def test_text_is_fed_and_kept_and_a_sequence_is_said_to_be_one(tmp_path):
    inputs = [helper.make_tensor_value_info("words", TensorProto.STRING, [2])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.STRING, [2])]
    done, found, _ = run(
        save(tmp_path / "m.onnx", [helper.make_node("Identity", ["words"], ["y"])], inputs, outputs), tmp_path
    )
    assert set(found["y"].tolist()) <= {"0", "1"}
    (tmp_path / "outputs.npz").unlink()
    inputs = [helper.make_tensor_sequence_value_info("many", TensorProto.FLOAT, [2])]
    outputs = [helper.make_tensor_sequence_value_info("y", TensorProto.FLOAT, [2])]
    done, found, _ = run(
        save(tmp_path / "m.onnx", [helper.make_node("Identity", ["many"], ["y"])], inputs, outputs), tmp_path
    )
    assert done.returncode == DOES_NOT_RUN
    assert "'many' is seq(tensor(float))" in done.stderr


def test_sizes_are_tried_until_the_model_runs_and_its_outputs_say_something(tmp_path):
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, "length"])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    constants = [
        helper.make_node("Constant", [], [name], value_ints=[value])
        for name, value in (("from", 30), ("to", 10**6), ("axis", 1))
    ]
    # Empty below 31 numbers.
    nodes = [*constants, helper.make_node("Slice", ["x", "from", "to", "axis"], ["y"])]
    _, found, said = run(save(tmp_path / "long.onnx", nodes, inputs, outputs), tmp_path)
    assert found["y"].shape == (1, 2)
    assert said["changing"] == []


def test_outputs_that_change_from_run_to_run_are_named(tmp_path):
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3])]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [3]) for name in ("noise", "sum", "x2")]
    nodes = [
        helper.make_node("RandomNormalLike", ["x"], ["noise"]),
        helper.make_node("Add", ["x", "noise"], ["sum"]),
        helper.make_node("Add", ["x", "x"], ["x2"]),
    ]
    assert run(save(tmp_path / "m.onnx", nodes, inputs, outputs), tmp_path, AGAIN)[2]["changing"] == ["noise", "sum"]


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
