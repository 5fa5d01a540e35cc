from itertools import pairwise

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress import methods
from edgecompress.encode.choose import ENCODINGS
from edgecompress.export.onnx_graph.compress import DECODERS, compress_weights


def serialised(model):
    return ir.to_proto(model).ByteSize()


@pytest.mark.parametrize("count", range(40, 120, 2))
def test_the_first_byte_saved_decides(count):
    """At every size the graph is never larger than before, and encoding starts exactly where it saves something."""
    array = np.zeros((1, count), np.float32)
    array[:, ::5] = 1.5
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, count])],
        [numpy_helper.from_array(array, "w")],
    )
    model = ir.from_proto(helper.make_model(graph, ir_version=8))
    before = serialised(model)
    kept = compress_weights(model)
    assert serialised(model) == before if kept else serialised(model) < before


def test_every_encoding_but_raw_has_a_decoder():
    assert methods.choices(DECODERS) == [name for name in methods.choices(ENCODINGS) if name != "raw"]


def test_what_stays_says_why():
    weight = np.zeros((64, 64), np.float32)
    weight[0] = 1
    initializers = {
        "used": weight,
        "unused": weight,
        "given": weight,
        "whole": weight.astype(np.float64),
        "bias": np.zeros(64, np.float32),
        "out": weight,
    }
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "used"], ["a"]),
            helper.make_node("MatMul", ["a", "given"], ["b"]),
            helper.make_node("Add", ["b", "bias"], ["y"]),
            helper.make_node("Identity", ["whole"], ["z"]),
        ],
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [64, 64]) for name in ("x", "given")],
        [
            helper.make_tensor_value_info(name, dtype, [64, 64])
            for name, dtype in {"y": TensorProto.FLOAT, "z": TensorProto.DOUBLE, "out": TensorProto.FLOAT}.items()
        ],
        [numpy_helper.from_array(array, name) for name, array in initializers.items()],
    )
    model = ir.from_proto(helper.make_model(graph, ir_version=8))
    kept = compress_weights(model)
    assert {name: reason.split()[0] for name, reason in kept.items()} == {
        "unused": "nothing",
        "given": "a",
        "whole": "not",
        "bias": "one-dimensional:",
        "out": "it",
    }
    assert "used" not in model.graph.initializers
    assert set(kept) <= set(model.graph.initializers)


def test_new_names_do_not_hide_names_of_the_graph_or_of_the_bodies_in_it(run, tmp_path):
    """A network whose own values are called 0, 1, 2 ..., also inside a branch, still gives its result."""
    import onnx

    weight = np.zeros((32, 32), np.float32)
    weight[::3] = 2.0
    names = [str(number) for number in range(6)]
    inner = [helper.make_node("Neg", [a], [b]) for a, b in zip(["4", "5"], ["5", "7"], strict=True)]
    body = helper.make_graph(inner, "body", [], [helper.make_tensor_value_info("7", TensorProto.FLOAT, [1, 32])])
    nodes = [helper.make_node("MatMul", [a, "w"], [b]) for a, b in pairwise(names[:5])]
    nodes.append(helper.make_node("If", ["flag"], ["y"], then_branch=body, else_branch=body))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("0", TensorProto.FLOAT, [1, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 32])],
        [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(np.array(True), "flag")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    model = ir.from_proto(proto)
    assert compress_weights(model) == {"flag": "not float32"}
    onnx.save(proto, tmp_path / "before.onnx")
    onnx.save(ir.to_proto(model), tmp_path / "after.onnx")
    x = np.random.default_rng(0).normal(size=(1, 32)).astype(np.float32)
    assert np.array_equal(run(tmp_path / "before.onnx", x), run(tmp_path / "after.onnx", x))
