import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.errors import InputError
from edgecompress.formats.onnx.decoded import decoded_weights, inspect_onnx
from edgecompress.formats.onnx.network import write_onnx as write
from edgecompress.formats.onnx.pack import pack_onnx

QUANTISED = np.random.default_rng(0).integers(-128, 128, (4, 6)).astype(np.int8)


def save(path, nodes, initializers, **graph):
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in initializers.items()],
        **graph,
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), path)
    return path


@pytest.fixture
def foreign(tmp_path):
    """Weights as other tools leave them: quantised integers, half precision and cast, transposed, a Constant."""
    half = np.arange(36, dtype=np.float16).reshape(6, 6)
    constant = helper.make_node("Constant", [], ["k"], value=numpy_helper.from_array(np.full((6, 2), 3, np.float32)))
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "scale"], ["w1"]),
        helper.make_node("MatMul", ["x", "w1"], ["a"]),
        helper.make_node("Cast", ["half"], ["w2"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["w2"], ["w3"]),
        helper.make_node("MatMul", ["a", "w3"], ["b"]),
        constant,
        helper.make_node("MatMul", ["b", "k"], ["c"]),
        helper.make_node("Reshape", ["c", "shape"], ["y"]),
    ]
    initializers = {"q": QUANTISED, "scale": np.array(0.5, np.float32), "half": half, "shape": np.array([-1, 2])}
    return save(tmp_path / "foreign.onnx", nodes, initializers)


def test_weights_of_any_tool_are_what_the_network_reads(foreign):
    decoded = decoded_weights(foreign)
    assert decoded.keys() == {"q", "scale", "w3", "k"}
    assert decoded["q"].dtype == np.int8  # what int8 kernels read: a runtime does not fold the DequantizeLinear
    assert np.array_equal(decoded["q"], QUANTISED)
    assert decoded["scale"] == np.float32(0.5)
    assert np.array_equal(decoded["w3"], np.arange(36, dtype=np.float32).reshape(6, 6).T)
    assert np.array_equal(decoded["k"], np.full((6, 2), 3, np.float32))


def test_the_ledger_of_a_foreign_file(foreign):
    ledger = inspect_onnx(foreign)
    entries = {tensor.name: tensor for tensor in ledger.tensors}
    assert {name: entry.encoding for name, entry in entries.items()} == {
        "q": "raw",
        "scale": "raw",
        "w3": "Cast+Transpose",
        "k": "Constant",
    }
    assert entries["k"].distinct == 1
    assert entries["q"].distinct == len(np.unique(QUANTISED))
    # the int8 data and the tensor's description
    assert 24 < entries["q"].bytes < 24 + 40
    assert ledger.file_bytes == foreign.stat().st_size
    assert 0 < ledger.graph_bytes < 400


def test_bytes_of_a_compressed_file_are_fully_attributed(network, tmp_path):
    dense = write(network(), tmp_path / "dense.onnx", compress=False)
    compressed = write(network(), tmp_path / "model.onnx", compress=True)
    # Both files spend the same on the graph itself: all else belongs to a weight. Only the length prefix may differ.
    assert abs(compressed.graph_bytes - dense.graph_bytes) <= 2
    assert 0 < sum(tensor.bytes for tensor in compressed.tensors) < compressed.file_bytes


def test_what_is_reported_comes_from_the_content_and_not_from_the_label(network, weights, tmp_path):
    path = tmp_path / "model.onnx"
    write(network(), path, compress=True)
    before = inspect_onnx(path)
    model = onnx.load(path)
    for node in model.graph.node:
        for entry in node.metadata_props:
            entry.value = "lies!!"[: len(entry.value)]
    onnx.save(model, path)
    after = inspect_onnx(path)
    numbers = {"encoding", "bytes", "note"}
    assert [t.model_dump(exclude=numbers) for t in after.tensors] == [
        t.model_dump(exclude=numbers) for t in before.tensors
    ]
    entry = next(tensor for tensor in after.tensors if tensor.name == "c2.weight")
    array = weights["c2.weight"]
    assert entry.nonzero == np.count_nonzero(array)
    assert (entry.distinct, entry.shape, entry.encoding) == (len(np.unique(array)), array.shape, "lies!!")


def test_what_follows_an_encoded_weight_is_told_with_it(tmp_path):
    random = np.random.default_rng(0)
    halves = np.where(random.random((4, 4000)) < 0.1, random.integers(-9, 9, (4, 4000)), 0).astype(np.float16)
    nodes = [
        helper.make_node("Cast", ["h"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Neg", ["f"], ["w"]),
        helper.make_node("MatMul", ["x", "w"], ["t"]),
        helper.make_node("Mul", ["t", "f"], ["y"]),  # or it would be computed before it is encoded
    ]
    source = save(tmp_path / "m.onnx", nodes, {"h": halves})
    pack_onnx(source, tmp_path / "p.onnx", encoding="fast-load")
    (entry,) = (tensor for tensor in inspect_onnx(tmp_path / "p.onnx").tensors if tensor.name == "w")
    coders = str(entry.encoding).split("+")
    assert coders[0][:-1] in ("rice", "escape")
    assert coders[1:] == ["packed5", "Cast", "Neg"]


def test_a_weight_read_inside_a_loop_body_is_found(tmp_path):
    body = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["z"])],
        "body",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
    )
    node = helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body)
    path = save(tmp_path / "if.onnx", [node], {"w": np.eye(4, dtype=np.float32), "c": np.array(True)})
    assert set(decoded_weights(path)) == {"w"}


def test_a_sparse_initializer_is_expanded(tmp_path):
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("w", TensorProto.FLOAT, [2], [3.0, 4.0]),
        helper.make_tensor("i", TensorProto.INT64, [2], [1, 7]),
        [4, 2],
    )
    path = save(tmp_path / "s.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], {}, sparse_initializer=[sparse])
    assert decoded_weights(path)["w"].reshape(-1).tolist() == [0, 3, 0, 0, 0, 0, 0, 4]
    assert inspect_onnx(path).tensors[0].encoding == "sparse"


def test_data_in_a_second_file_counts(tmp_path):
    array = np.arange(4000, dtype=np.float32).reshape(4, 1000)
    path = save(tmp_path / "m.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": array})
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="m.data", size_threshold=100)
    assert np.array_equal(decoded_weights(path)["w"], array)
    ledger = inspect_onnx(path)
    assert ledger.file_bytes == path.stat().st_size + (tmp_path / "m.data").stat().st_size


def test_random_values_are_no_weights(tmp_path):
    nodes = [helper.make_node("RandomNormalLike", ["w"], ["r"]), helper.make_node("MatMul", ["x", "r"], ["y"])]
    path = save(tmp_path / "r.onnx", nodes, {"w": np.ones((4, 2), np.float32)})
    assert set(decoded_weights(path)) == {"w"}


def test_a_constant_that_cannot_be_computed_is_named(tmp_path):
    nodes = [helper.make_node("Reshape", ["w", "s"], ["v"]), helper.make_node("MatMul", ["x", "v"], ["y"])]
    path = save(tmp_path / "bad.onnx", nodes, {"w": np.ones((4, 2), np.float32), "s": np.array([3, 3])})
    with pytest.raises(InputError, match="cannot compute the constant 'v'") as caught:
        decoded_weights(path)
    assert "\n" not in str(caught.value)
