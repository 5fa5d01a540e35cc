import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from edgecompress.agent.accelerator import Accelerator
from edgecompress.agent.engines.contract import EngineInput
from edgecompress.agent.engines.onnxruntime_engine import load, session
from edgecompress.agent.errors import JobError, RuntimeRefusedError


def identity(path, *ends):
    """A file that gives what it takes: of each type and shape an input and an output."""
    graph = helper.make_graph(
        [helper.make_node("Identity", [f"x{i}"], [f"y{i}"]) for i in range(len(ends))],
        "identity",
        *([helper.make_tensor_value_info(f"{name}{i}", *end) for i, end in enumerate(ends)] for name in "xy"),
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def test_it_computes_the_model_and_tells_what_it_is(files, x, expected):
    engine = load(files["onnx"][0], 1, 4)
    assert (engine.runtime, engine.version) == ("onnxruntime", onnxruntime.__version__)
    assert engine.inputs == (EngineInput("x", (4, 3, 2, 4), "float32"),)
    assert engine.details == {"providers": ["CPUExecutionProvider"]}
    assert engine.placement == {"CPUExecutionProvider": 2}  # Flatten and Gemm
    np.testing.assert_allclose(engine.run({"x": x[:4]})[0], expected[:4], rtol=1e-5, atol=1e-5)


def test_a_provider_that_takes_no_node_is_told_with_a_zero(files, x, expected):
    # What every build has beside the CPU's: it calls a service, and no node here is one.
    if "AzureExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("this build has the CPU's provider alone")
    engine = load(files["onnx"][0], 1, 1, Accelerator(provider="Azure"))
    assert list(engine.placement.items()) == [("AzureExecutionProvider", 0), ("CPUExecutionProvider", 2)]
    np.testing.assert_allclose(engine.run({"x": x[:1]})[0], expected[:1], rtol=1e-5, atol=1e-5)


def test_an_older_release_that_does_not_tell_where_its_nodes_run_is_taken_as_it_is(files, monkeypatch):
    name = "get_provider_graph_assignment_info"
    for each in onnxruntime.InferenceSession.__mro__:
        if name in vars(each):
            monkeypatch.delattr(each, name)
    assert load(files["onnx"][0], 1, 1).placement is None


def test_several_inputs_of_any_numbers_are_taken_and_every_output_is_given(tmp_path):
    path = identity(tmp_path / "m.onnx", (TensorProto.FLOAT16, ["N", 2]), (TensorProto.INT64, ["N"]))
    engine = load(path, 1, 3)
    assert engine.inputs == (EngineInput("x0", (3, 2), "float16"), EngineInput("x1", (3,), "int64"))
    feed = {"x0": np.ones((3, 2), np.float16), "x1": np.arange(3)}
    assert [made.tolist() for made in engine.run(feed)] == [[[1, 1]] * 3, [0, 1, 2]]


def test_without_a_batch_a_file_takes_its_own_where_that_is_fixed_else_one(tmp_path):
    fixed = load(identity(tmp_path / "fixed.onnx", (TensorProto.FLOAT, [8, 2])), 1, None)
    free = load(identity(tmp_path / "free.onnx", (TensorProto.FLOAT, ["N", 2])), 1, None)
    assert (fixed.inputs[0].shape, free.inputs[0].shape) == ((8, 2), (1, 2))


def test_models_the_agent_cannot_feed_are_refused(tmp_path):
    with pytest.raises(JobError, match=r"takes tensor\(string\) of shape \[1, 2\] as 'x1'; .* arrays of numbers"):
        load(identity(tmp_path / "text.onnx", (TensorProto.FLOAT, [1, 2]), (TensorProto.STRING, [1, 2])), 1, 1)
    with pytest.raises(JobError, match="only the first axis may vary"):
        load(identity(tmp_path / "free.onnx", (TensorProto.FLOAT, ["N", "C"])), 1, 1)
    with pytest.raises(JobError, match="only the first axis may vary"):
        load(identity(tmp_path / "scalar.onnx", (TensorProto.FLOAT, [])), 1, 1)
    with pytest.raises(JobError, match=r'takes batches of 2 and no other; set "batch": 2'):
        load(identity(tmp_path / "fixed.onnx", (TensorProto.FLOAT, [1, 2]), (TensorProto.FLOAT, [2, 2])), 1, 1)


def test_sizes_that_a_file_leaves_free_can_be_told(tmp_path):
    path = identity(tmp_path / "free.onnx", (TensorProto.FLOAT, ["N", "C"]), (TensorProto.FLOAT, ["N", 2, "H"]))
    engine = load(path, 1, None, free={"x0": (4, 3), "x1": (4, 9, 5)})
    assert [given.shape for given in engine.inputs] == [(4, 3), (4, 2, 5)], "and what it fixes stays"
    assert engine.outputs == ("y0", "y1")
    path = identity(tmp_path / "mixed.onnx", (TensorProto.FLOAT, ["N", 2]), (TensorProto.FLOAT, [3, 2]))
    engine = load(path, 1, None, free={"x0": (32, 2), "x1": (32, 2)})
    assert [given.shape for given in engine.inputs] == [(1, 2), (3, 2)], "rows of one batch belong together"


def test_a_session_of_bytes_can_run_the_graph_as_it_stands(tmp_path):
    first, second = helper.make_node("Identity", ["x"], ["y"]), helper.make_node("Neg", ["y"], ["z"])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xz"]
    graph = helper.make_graph([first, second], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    nodes = []
    for optimise in (True, False):
        made = session(model.SerializeToString(), optimise=optimise)
        assert made.run(None, {"x": np.array([1, -2], np.float32)})[0].tolist() == [-1, 2]
        nodes.append(sum(len(part.get_nodes()) for part in made.get_provider_graph_assignment_info()))
    assert nodes == [1, 2]


def test_a_corrupt_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"not a protobuf")
    with pytest.raises(RuntimeRefusedError, match=r"^onnxruntime does not load m\.onnx: .+$"):
        load(tmp_path / "m.onnx", 1, 1)
