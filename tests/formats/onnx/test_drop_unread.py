"""Nodes that nothing reads: exporters leave them, runtimes drop them, and their weights are not the network's."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgecompress.formats.onnx.pack import pack_onnx


def value(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def test_what_nothing_reads_is_left_out_in_bodies_too_and_the_rest_is_proved(tmp_path):
    random = np.random.default_rng(0)
    weights = {name: random.choice(np.float32([0, 0, 0, 1, -2]), (64, 64)) for name in ("kept", "dead", "left", "lost")}
    held = {name: numpy_helper.from_array(array, name) for name, array in weights.items()}
    inside = [helper.make_node("MatMul", ["x", "left"], ["l"]), helper.make_node("MatMul", ["l", "lost"], ["unread"])]
    body = helper.make_graph(inside, "body", [], [value("l", 1, 64)], [held["left"], held["lost"]])
    nodes = [
        helper.make_node("MatMul", ["x", "kept"], ["h"]),
        helper.make_node("MatMul", ["h", "dead"], ["d"]),
        helper.make_node("Relu", ["d"], ["r"]),
        helper.make_node("If", ["yes"], ["b"], then_branch=body, else_branch=body),
        helper.make_node("Add", ["h", "b"], ["y"]),
    ]
    arrays = [held["kept"], held["dead"], numpy_helper.from_array(np.array(True), "yes")]
    graph = helper.make_graph(nodes, "g", [value("x", 1, 64)], [value("y", 1, 64)], arrays)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "m.onnx")
    written = pack_onnx(tmp_path / "m.onnx", tmp_path / "small.onnx")
    assert written.proof.words == "proved"
    names = {entry.name for entry in written.ledger.tensors}
    assert "kept" in names
    assert any(name.startswith("left") for name in names)
    assert not names & {"dead", "lost"}
