import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.formats.onnx.equal import keep_once
from edgecompress.formats.onnx.folding import computed
from edgecompress.formats.onnx.pack import pack_onnx
from edgecompress.formats.onnx.read import read_lean

DENSE = np.random.default_rng(0).normal(size=(128, 128)).astype(np.float32)


def model(arrays):
    names = [*arrays]
    steps = ["x", *(f"t{n}" for n in range(len(names) - 1)), "y"]
    nodes = [helper.make_node("Mul", [a, name], [b]) for a, name, b in zip(steps, names, steps[1:], strict=False)]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [128, 128]) for name in ("x", "y")]
    graph = helper.make_graph(
        nodes, "g", values[:1], values[1:], [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("count", [2, 5])
def test_equal_weights_take_the_bytes_of_one_and_keep_their_names(tmp_path, count):
    onnx.save(model({f"w{n}": DENSE.copy() for n in range(count)}), tmp_path / "m.onnx")
    written = pack_onnx(tmp_path / "m.onnx", tmp_path / "p.onnx")
    assert written.ledger.file_bytes < DENSE.nbytes + 100 * count + 300
    assert {entry.name for entry in written.ledger.tensors} == {f"w{n}" for n in range(count)}
    # and again they are initialisers of their own where they are taken apart
    assert computed(read_lean(tmp_path / "p.onnx")).keys() >= {f"w{n}" for n in range(1, count)}
    assert pack_onnx(tmp_path / "p.onnx", tmp_path / "q.onnx").ledger.file_bytes <= written.ledger.file_bytes


def test_equal_in_value_is_not_equal_in_bits_or_shape():
    zeros = np.zeros((128, 128), np.float32)
    graph = ir.from_proto(model({"a": zeros, "b": -zeros, "c": zeros.reshape(-1)[:128].copy(), "d": zeros.copy()}))
    keep_once(graph)
    assert set(graph.graph.initializers) == {"a", "b", "c"}
