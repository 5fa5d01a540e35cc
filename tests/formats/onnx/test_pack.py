import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.nn.utils import prune

from edgecompress.errors import InputError
from edgecompress.formats.onnx.builder import LABEL
from edgecompress.formats.onnx.decoded import decoded_weights
from edgecompress.formats.onnx.network import write_onnx as write
from edgecompress.formats.onnx.pack import pack_onnx


def sparse(shape, seed=0, *, values=16, share=0.1):
    random = np.random.default_rng(seed)
    array = random.choice(random.normal(size=values).astype(np.float32), shape)
    return np.where(random.random(shape) < share, array, np.float32(0))


def save(path, nodes, initializers, *, opset=18, ir_version=8, inputs=None):
    graph = helper.make_graph(
        nodes,
        "g",
        inputs or [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", "columns"])],
        [numpy_helper.from_array(array, name) for name, array in initializers.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version), path)
    return path


def same(source, packed):
    """Both files hold the same weights, bit by bit, and compute the same."""
    before, after = decoded_weights(source), decoded_weights(packed)
    assert before.keys() <= after.keys()
    assert all(before[name].tobytes() == after[name].tobytes() for name in before)
    x = np.random.default_rng(0).normal(size=(1, 64)).astype(np.float32)
    sessions = [onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in (source, packed)]
    first, second = (session.run(None, {"x": x})[0] for session in sessions)
    assert np.allclose(first, second, rtol=1e-5, atol=1e-6)
    onnx.checker.check_model(str(packed), full_check=True)
    return True


def test_weights_pruned_by_torch_get_smaller(tmp_path):
    """Its masks are multiplied, so half of the zeros are -0.0; what is left is neither few values nor float16."""
    torch.manual_seed(0)
    layer = torch.nn.Linear(64, 2000, bias=False)
    prune.l1_unstructured(layer, "weight", amount=0.9)
    prune.remove(layer, "weight")
    weight = layer.weight.detach().numpy().T.copy()
    assert np.count_nonzero((weight == 0) & np.signbit(weight)) > weight.size / 3
    source = save(tmp_path / "m.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": weight})
    ledger = pack_onnx(source, tmp_path / "p.onnx").ledger
    decoded = decoded_weights(tmp_path / "p.onnx")["w"]
    assert np.array_equal(decoded, weight)
    assert not np.signbit(decoded[decoded == 0]).any()
    # 4 bytes and some 5 bits for each weight that is left, against 4 bytes for every weight
    assert ledger.file_bytes < 0.13 * source.stat().st_size


def test_the_sign_of_a_zero_stays_where_it_makes_a_difference(tmp_path):
    weight = np.where(np.random.default_rng(0).random((64, 64)) < 0.5, np.float32(-0.0), np.float32(0))
    nodes = [helper.make_node("Div", ["x", "w"], ["d"]), helper.make_node("MatMul", ["d", "w"], ["y"])]
    source = save(tmp_path / "m.onnx", nodes, {"w": weight})
    pack_onnx(source, tmp_path / "p.onnx")
    assert decoded_weights(tmp_path / "p.onnx")["w"].tobytes() == weight.tobytes()


def test_weights_in_constant_nodes_and_int8_ones_get_smaller(tmp_path):
    integers = (sparse((64, 256)) != 0).astype(np.int8) * np.int8(3)
    constant = helper.make_node("Constant", [], ["k"], value=numpy_helper.from_array(sparse((256, 128))))
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "scale"], ["w"]),
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        constant,
        helper.make_node("MatMul", ["a", "k"], ["y"]),
    ]
    source = save(tmp_path / "m.onnx", nodes, {"q": integers, "scale": np.array(0.1, np.float32)})
    ledger = pack_onnx(source, tmp_path / "p.onnx").ledger
    assert same(source, tmp_path / "p.onnx")
    assert ledger.file_bytes < source.stat().st_size / 5
    stored = {tensor.name: tensor for tensor in onnx.load(tmp_path / "p.onnx").graph.initializer}
    assert "q" not in stored


def test_packing_again_changes_the_mode_and_not_the_weights(network, tmp_path):
    write(network(), tmp_path / "dense.onnx", compress=False)
    sizes = {}
    for mode in ("fast-load", "smallest"):
        sizes[mode] = pack_onnx(tmp_path / "dense.onnx", tmp_path / f"{mode}.onnx", encoding=mode).ledger.file_bytes
    for source, mode in (("fast-load", "smallest"), ("smallest", "fast-load"), ("smallest", "smallest")):
        again = pack_onnx(tmp_path / f"{source}.onnx", tmp_path / "again.onnx", encoding=mode).ledger
        assert abs(again.file_bytes - sizes[mode]) < 64
        weights = decoded_weights(tmp_path / "dense.onnx")
        assert all(
            weights[name].tobytes() == array.tobytes()
            for name, array in decoded_weights(tmp_path / "again.onnx").items()
        )


def test_what_cannot_shrink_is_copied_as_it_is(tmp_path):
    weight = np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32)
    source = save(tmp_path / "m.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": weight})
    pack_onnx(source, tmp_path / "sub" / "p.onnx")
    assert (tmp_path / "sub" / "p.onnx").read_bytes() == source.read_bytes()


def test_a_file_can_be_packed_in_place(tmp_path):
    source = save(tmp_path / "m.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": sparse((64, 500))})
    before = source.stat().st_size
    pack_onnx(source, source)
    assert source.stat().st_size < before / 10
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]


def test_an_old_opset_is_converted(tmp_path):
    weight = sparse((64, 500))
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64])]
    # before IR version 4, each initialiser had to be an input too
    inputs.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [64, 500]))
    source = save(
        tmp_path / "m.onnx",
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        {"w": weight},
        opset=9,
        ir_version=3,
        inputs=inputs,
    )
    ledger = pack_onnx(source, tmp_path / "p.onnx").ledger
    assert ledger.file_bytes < source.stat().st_size / 10
    packed = onnx.load(tmp_path / "p.onnx")
    assert packed.opset_import[0].version == 13
    assert [value.name for value in packed.graph.input] == ["x"]
    assert np.array_equal(decoded_weights(tmp_path / "p.onnx")["w"], weight)


def test_a_weight_that_may_be_replaced_at_run_time_stays(tmp_path):
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", [1, 64]), ("w", [64, 500]))
    ]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    source = save(tmp_path / "m.onnx", nodes, {"w": sparse((64, 500))}, inputs=inputs)
    pack_onnx(source, tmp_path / "p.onnx")
    assert (tmp_path / "p.onnx").read_bytes() == source.read_bytes()


def test_names_and_metadata_of_the_model_stay(tmp_path):
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="the layer", doc_string="said")
    source = save(tmp_path / "m.onnx", [node], {"w": sparse((64, 500))})
    model = onnx.load(source)
    helper.set_model_props(model, {"author": "somebody"})
    model.producer_name = "some tool"
    onnx.save(model, source)
    pack_onnx(source, tmp_path / "p.onnx")
    packed = onnx.load(tmp_path / "p.onnx")
    assert [(entry.key, entry.value) for entry in packed.metadata_props] == [("author", "somebody")]
    assert (packed.producer_name, packed.graph.name) == ("some tool", "g")
    kept = next(node for node in packed.graph.node if node.op_type == "MatMul")
    assert (kept.name, kept.doc_string, list(kept.input)) == ("the layer", "said", ["x", "w"])
    assert any(entry.key == LABEL for node in packed.graph.node for entry in node.metadata_props)


def test_data_beside_the_model_is_read(tmp_path):
    source = save(tmp_path / "m.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": sparse((64, 500))})
    onnx.save(onnx.load(source), source, save_as_external_data=True, location="m.data", size_threshold=100)
    (tmp_path / "out").mkdir()
    ledger = pack_onnx(source, tmp_path / "out" / "p.onnx").ledger
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["p.onnx"]
    assert ledger.file_bytes < (tmp_path / "m.data").stat().st_size / 10
    raw = np.random.default_rng(0).normal(size=(64, 300)).astype(np.float32)
    source = save(tmp_path / "r.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": raw})
    onnx.save(onnx.load(source), source, save_as_external_data=True, location="r.data", size_threshold=100)
    pack_onnx(source, tmp_path / "out" / "r.onnx")
    assert np.array_equal(decoded_weights(tmp_path / "out" / "r.onnx")["w"], raw)


def test_a_damaged_file_is_refused_and_nothing_written(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"\x08\x08no model")
    with pytest.raises(InputError, match=r"m\.onnx"):
        pack_onnx(tmp_path / "m.onnx", tmp_path / "p.onnx")
    assert not (tmp_path / "p.onnx").exists()
