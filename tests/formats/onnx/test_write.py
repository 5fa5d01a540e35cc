import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.errors import InputError
from edgecompress.formats.onnx import lean
from edgecompress.formats.onnx import write as room
from edgecompress.formats.onnx.write import write


@pytest.fixture
def model():
    arrays = {"large": np.arange(3000, dtype=np.float32).reshape(4, 750), "small": np.ones(750, np.float32)}
    return ir.from_proto(
        helper.make_model(
            helper.make_graph(
                [helper.make_node("Gemm", ["x", "large", "small"], ["y"])],
                "g",
                [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
                [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 750])],
                [numpy_helper.from_array(array, name) for name, array in arrays.items()],
            ),
            opset_imports=[helper.make_opsetid("", 18)],
            ir_version=10,
        )
    )


def test_what_fits_is_one_file(model, tmp_path):
    write(model, tmp_path / "m.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]


def test_large_tensors_go_to_a_second_file_that_onnxruntime_reads(model, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "LARGEST", 10_000)
    write(model, tmp_path / "m.onnx")
    assert {path.name for path in tmp_path.iterdir()} == {"m.onnx", "m.onnx.data"}
    assert (tmp_path / "m.onnx.data").stat().st_size >= 12_000
    assert (tmp_path / "m.onnx").stat().st_size < 1000
    onnx.checker.check_model(str(tmp_path / "m.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    x = np.ones((1, 4), np.float32)
    (y,) = session.run(None, {"x": x})
    assert np.array_equal(y, x @ np.arange(3000, dtype=np.float32).reshape(4, 750) + 1)


@pytest.mark.parametrize("kind", ["float32", "float16", "float64", "int8", "int64", "bool"])
def test_the_bytes_are_those_of_the_message(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(lean, "LARGE", 64)
    turned = np.arange(600).reshape(20, 30).astype(kind).T
    late = ir.LazyTensor(lambda: ir.Tensor(turned), ir.DataType.from_numpy(turned.dtype), ir.Shape((30, 20)), name="b")
    told = ir.Tensor(turned, name="a", doc_string="what it is", metadata_props={"key": "value"})
    x = ir.Value(name="x", type=ir.TensorType(ir.DataType.from_numpy(turned.dtype)), shape=ir.Shape((30, 20)))
    values = [
        ir.Value(name=each.name, const_value=each) for each in (told, late, ir.Tensor(np.ones(2, kind), name="c"))
    ]
    node = ir.node("Sum", [x, *values], name="sum")
    graph = ir.Graph([x], node.outputs, nodes=[node], initializers=values, opset_imports={"": 18}, name="g")
    graph.doc_string = "behind the weights"
    made = ir.Model(graph, ir_version=10, producer_name="a test")
    made.metadata_props["key"] = "value"
    write(made, tmp_path / "m.onnx")
    assert (tmp_path / "m.onnx").read_bytes() == ir.to_proto(made).SerializeToString(deterministic=True)
    weights = {
        tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(tmp_path / "m.onnx").graph.initializer
    }
    assert np.array_equal(weights["a"], turned)
    assert np.array_equal(weights["b"], turned)


def test_the_model_given_is_not_changed_by_it(model, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "LARGEST", 10_000)
    write(model, tmp_path / "a.onnx")
    write(model, tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx.data").read_bytes() == (tmp_path / "b.onnx.data").read_bytes()


def test_too_many_small_tensors_are_refused(model, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "LARGEST", 1)
    monkeypatch.setattr(room, "_STAYS", 100_000)
    with pytest.raises(InputError, match="more than 2 GiB"):
        write(model, tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_model_of_more_than_two_gibibytes(tmp_path):
    """Real, not lowered limits: half of it sparse, the other half stays as it is."""
    from edgecompress.formats.onnx.decoded import decoded_weights
    from edgecompress.formats.onnx.network import write_onnx as write_model

    random = np.random.default_rng(0)
    raw = random.standard_normal((4096, 140_000), np.float32)  # 2.3 GB
    sparse = np.where(random.random((1000, 4096), np.float32) < 0.05, np.float32(0.5), np.float32(0))
    graph = ir.Graph(
        [x := ir.Value(name="x", shape=ir.Shape([1, 1000]), type=ir.TensorType(ir.DataType.FLOAT))],
        [],
        nodes=[],
        initializers=[
            first := ir.Value(name="sparse", const_value=ir.Tensor(sparse, name="sparse")),
            second := ir.Value(name="raw", const_value=ir.Tensor(raw, name="raw")),
        ],
        opset_imports={"": 18},
    )
    graph.append(one := ir.node("MatMul", [x, first]))
    graph.append(two := ir.node("MatMul", [one.outputs[0], second]))
    one.outputs[0].name, two.outputs[0].name = "h", "y"
    two.outputs[0].type, two.outputs[0].shape = ir.TensorType(ir.DataType.FLOAT), ir.Shape([1, 140_000])
    graph.outputs.append(two.outputs[0])
    ledger = write_model(ir.Model(graph, ir_version=10), tmp_path / "m.onnx", compress=True)
    assert ledger.file_bytes > 2**31
    decoded = decoded_weights(tmp_path / "m.onnx")
    assert np.array_equal(decoded["raw"], raw)
    assert np.array_equal(decoded["sparse"], sparse)
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": np.ones((1, 1000), np.float32)})
    assert np.allclose(y, sparse.sum(axis=0, keepdims=True) @ raw, rtol=1e-3, atol=1e-1)
