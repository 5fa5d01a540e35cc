import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

import edgecompress as ec
from edgecompress.errors import InputError


@pytest.fixture
def model(tmp_path):
    weight = np.random.default_rng(0).normal(size=(256, 64)).astype(np.float32)
    weight[np.abs(weight) < 1.6] = 0
    x, y = (helper.make_tensor_value_info(name, 1, ["n", size]) for name, size in (("x", 256), ("y", 64)))
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [numpy_helper.from_array(weight, "w")]
    )
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def run(path):
    x = np.random.default_rng(1).normal(size=(3, 256)).astype(np.float32)
    return onnxruntime.InferenceSession(str(path)).run(None, {"x": x})[0]


def test_a_file_gets_smaller_and_dense_again(model, tmp_path):
    small, plain = tmp_path / "small.onnx", tmp_path / "plain.onnx"
    made = ec.pack(model, str(small), shapes={"x": [2, 256]})
    assert made.bytes == small.stat().st_size < 0.4 * model.stat().st_size
    assert made.proof.inputs == {"x": (2, 256)}
    assert np.allclose(run(small), run(model), atol=1e-5)
    ec.unpack(small, plain)
    (wanted,), (found,) = (onnx.load(path).graph.initializer for path in (model, plain))
    assert np.array_equal(numpy_helper.to_array(found), numpy_helper.to_array(wanted))
    with pytest.raises(InputError, match="force=True"):
        ec.unpack(small, plain)
    ec.unpack(small, plain, force=True)


def test_the_ledger_of_a_file(model):
    (entry,) = ec.inspect(model).tensors
    assert (entry.name, entry.shape) == ("w", (256, 64))
    assert entry.nonzero == np.count_nonzero(numpy_helper.to_array(onnx.load(model).graph.initializer[0]))


def test_what_is_no_model_is_one_line(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"hello")
    with pytest.raises(InputError, match=r"a\.onnx"):
        ec.pack(tmp_path / "a.onnx", tmp_path / "b.onnx")


def test_what_is_of_one_kind_of_packing_is_refused_with_the_other(model, tmp_path):
    with pytest.raises(InputError, match="leave the runtime out"):
        ec.pack(model, tmp_path / "a.tflite", runtime="tflite-micro", any_gain=True)
    with pytest.raises(InputError, match="give that as the runtime"):
        ec.pack(model, tmp_path / "a.onnx", largest=1000)
