import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.errors import InputError
from edgecompress.formats.onnx.decoded import decoded_weights
from edgecompress.formats.onnx.pack import pack_onnx

RANDOM = np.random.default_rng(0)
VALUES = RANDOM.choice(np.float32([0.5, -1, 2, 3]), (64, 300))
DENSE = RANDOM.normal(size=(64, 300)).astype(np.float32)
MASK = RANDOM.random((64, 300)) < 0.1


def node(kind, *inputs, out="w", **attributes):
    return helper.make_node(kind, list(inputs), [out], **attributes)


def save(path, nodes, arrays, reads="w"):
    weights = [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()]
    graph = helper.make_graph(
        [*nodes, helper.make_node("MatMul", ["x", reads], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        weights,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


WAYS = {
    "float mask": ([node("Mul", "u", "m")], {"u": DENSE, "m": MASK.astype(np.float32)}),
    "bool mask, cast": ([node("Cast", "m", out="f", to=1), node("Mul", "f", "u")], {"u": DENSE, "m": MASK}),
    "where": ([node("Where", "m", "u", "z")], {"u": DENSE, "m": MASK, "z": np.float32(0)}),
    "transpose": ([node("Transpose", "u")], {"u": (VALUES * MASK).T.copy()}),
    "identity of identity": ([node("Identity", "u", out="v"), node("Identity", "v")], {"u": VALUES * MASK}),
    "reshape": ([node("Reshape", "u", "s")], {"u": (VALUES * MASK).reshape(-1), "s": np.array([64, 300])}),
    "cast": ([node("Cast", "u", to=1)], {"u": (VALUES * MASK).astype(np.float64)}),
    "concat": ([node("Concat", "u", "v", axis=0)], {"u": (VALUES * MASK)[:20], "v": (VALUES * MASK)[20:]}),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_constant_nodes_make_of_a_weight_gets_small(tmp_path, way):
    nodes, arrays = WAYS[way]
    source = save(tmp_path / "m.onnx", nodes, arrays)
    written = pack_onnx(source, tmp_path / "p.onnx")
    before, after = decoded_weights(source)["w"], decoded_weights(tmp_path / "p.onnx")["w"]
    assert np.array_equal(before, after)
    # 10 % of the values: at most 4 bytes and 5 bits each where they are all different
    assert written.ledger.file_bytes < 0.13 * before.nbytes
    x = RANDOM.normal(size=(2, 64)).astype(np.float32)
    first, second = (onnxruntime.InferenceSession(p).run(None, {"x": x})[0] for p in (source, tmp_path / "p.onnx"))
    assert np.allclose(first, second, rtol=1e-5, atol=1e-5)


def test_a_weight_that_is_read_twice_is_not_stored_twice(tmp_path):
    """Tied embeddings: as it is, and turned."""
    table = VALUES * MASK
    first, turned, second = (
        helper.make_node(*each)
        for each in (("MatMul", ["x", "u"], ["y1"]), ("Transpose", ["u"], ["t"]), ("MatMul", ["y1", "t"], ["x1"]))
    )
    nodes = [first, turned, second]
    model = onnx.load(save(tmp_path / "m.onnx", nodes, {"u": table}, reads="u"))
    model.graph.node[-1].input[0] = "x1"
    onnx.save(model, tmp_path / "m.onnx")
    pack_onnx(tmp_path / "m.onnx", tmp_path / "p.onnx")
    assert [each.op_type for each in onnx.load(tmp_path / "p.onnx").graph.node].count("Transpose") == 1


def test_what_is_expanded_stays_small(tmp_path):
    nodes = [node("Expand", "u", "s")]
    source = save(tmp_path / "m.onnx", nodes, {"u": DENSE[:1], "s": np.array([64, 300])})
    pack_onnx(source, tmp_path / "p.onnx")
    assert (tmp_path / "p.onnx").stat().st_size <= source.stat().st_size


@pytest.mark.parametrize("kind", ["Concat", "Expand", "ConstantOfShape", "Tile"])
def test_a_few_bytes_that_ask_for_gigabytes_are_refused_before_they_are_computed(tmp_path, kind):
    chain = [node("Concat", *[f"c{n}"] * 10, out=f"c{n + 1}", axis=0) for n in range(9)]
    made = {
        "Concat": ([*chain, node("Identity", "c9")], {"c0": np.ones((1, 300), np.float32)}),
        "Expand": ([node("Expand", "u", "s")], {"u": np.ones((1, 300), np.float32), "s": np.array([10**7, 300])}),
        "ConstantOfShape": ([node("ConstantOfShape", "s")], {"s": np.array([10**7, 300])}),
        "Tile": ([node("Tile", "u", "s")], {"u": np.ones((1, 300), np.float32), "s": np.array([10**7, 1])}),
    }
    with pytest.raises(InputError, match=r"takes [\d,]+ bytes; is the file damaged"):
        pack_onnx(save(tmp_path / "m.onnx", *made[kind]), tmp_path / "p.onnx")
