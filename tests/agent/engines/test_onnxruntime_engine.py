import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from edgecompress.agent.accelerator import Accelerator
from edgecompress.agent.engines.onnxruntime_engine import load
from edgecompress.agent.errors import JobError, RuntimeRefusedError


def identity(path, dtype, shape, inputs=1):
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x0"], ["y"])],
        "identity",
        [helper.make_tensor_value_info(f"x{i}", dtype, shape) for i in range(inputs)],
        [helper.make_tensor_value_info("y", dtype, shape)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def test_it_computes_the_model_and_tells_what_it_is(files, x, expected):
    engine = load(files["onnx"][0], 1, 4)
    assert (engine.runtime, engine.version) == ("onnxruntime", onnxruntime.__version__)
    assert (engine.input_shape, engine.input_dtype) == ((4, 3, 2, 4), "float32")
    assert engine.details == {"providers": ["CPUExecutionProvider"]}
    assert engine.placement == {"CPUExecutionProvider": 2}  # Flatten and Gemm
    np.testing.assert_allclose(engine.run(x[:4]), expected[:4], rtol=1e-5, atol=1e-5)


def test_a_provider_that_takes_no_node_is_told_with_a_zero(files, x, expected):
    # What every build has beside the CPU's: it calls a service, and no node here is one.
    if "AzureExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("this build has the CPU's provider alone")
    engine = load(files["onnx"][0], 1, 1, Accelerator(provider="Azure"))
    assert list(engine.placement.items()) == [("AzureExecutionProvider", 0), ("CPUExecutionProvider", 2)]
    np.testing.assert_allclose(engine.run(x[:1]), expected[:1], rtol=1e-5, atol=1e-5)


def test_an_older_release_that_does_not_tell_where_its_nodes_run_is_taken_as_it_is(files, monkeypatch):
    name = "get_provider_graph_assignment_info"
    for each in onnxruntime.InferenceSession.__mro__:
        if name in vars(each):
            monkeypatch.delattr(each, name)
    assert load(files["onnx"][0], 1, 1).placement is None


def test_float16_inputs_are_taken_and_integers_refused(tmp_path):
    assert load(identity(tmp_path / "half.onnx", TensorProto.FLOAT16, [1, 2]), 1, 1).input_dtype == "float16"
    with pytest.raises(JobError, match="feeds floats"):
        load(identity(tmp_path / "int.onnx", TensorProto.INT8, [1, 2]), 1, 1)


def test_models_the_agent_cannot_feed_are_refused(tmp_path):
    with pytest.raises(JobError, match=r"two\.onnx has 2 inputs"):
        load(identity(tmp_path / "two.onnx", TensorProto.FLOAT, [1, 2], inputs=2), 1, 1)
    with pytest.raises(JobError, match="only the batch may vary"):
        load(identity(tmp_path / "free.onnx", TensorProto.FLOAT, ["N", "C"]), 1, 1)
    with pytest.raises(JobError, match=r'takes batches of 2 and no other; set "batch": 2'):
        load(identity(tmp_path / "fixed.onnx", TensorProto.FLOAT, [2, 2]), 1, 1)


def test_a_corrupt_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"not a protobuf")
    with pytest.raises(RuntimeRefusedError, match=r"^onnxruntime does not load m\.onnx: .+$"):
        load(tmp_path / "m.onnx", 1, 1)
