import numpy as np
import onnx_ir as ir
import pytest
import torch
from onnx import helper as h
from onnx import numpy_helper as n
from torch import nn

from edgecompress.sources.graph.layers import AnyRankBatchNorm, layers, trained


def graph(nodes, weights, inputs=(("x", [2, 4]),), outputs=("y",)):
    made = h.make_graph(
        nodes,
        "g",
        [h.make_tensor_value_info(name, 1, shape) for name, shape in inputs],
        [h.make_tensor_value_info(name, 1, None) for name in outputs],
        [n.from_array(array.astype(np.float32), name) for name, array in weights.items()],
    )
    return ir.from_proto(h.make_model(made, opset_imports=[h.make_opsetid("", 18)], ir_version=9)).graph


W = np.ones((4, 3))


@pytest.mark.parametrize(
    ("node", "turned"),
    [
        (h.make_node("MatMul", ["x", "w"], ["y"]), True),
        (h.make_node("Gemm", ["x", "w"], ["y"]), True),
        (h.make_node("Gemm", ["x", "w"], ["y"], alpha=0.5), None),
        (h.make_node("Gemm", ["x", "w"], ["y"], transA=1), None),
    ],
)
def test_products_with_a_matrix_are_linear_layers_unless_they_are_scaled(node, turned):
    found = list(layers(graph([node], {"w": W})).values())
    if turned is None:
        assert not found
    else:
        assert isinstance(found[0].module, nn.Linear)
        assert (found[0].module.in_features, found[0].module.out_features) == (4, 3)
        assert found[0].tensors["weight"].turned == turned


def test_a_matrix_that_is_read_in_both_layouts_stays_what_it_is_in_the_file():
    nodes = [h.make_node("MatMul", ["x", "w"], ["h"]), h.make_node("Gemm", ["h", "w"], ["y"], transB=1)]
    found = layers(graph(nodes, {"w": np.ones((4, 4))}))
    assert [node.op_type for node in found] == ["Gemm"]


def test_a_batchnorm_of_any_rank_is_one_that_learns_and_a_training_one_is_none():
    names = ["s", "b", "m", "v"]
    weights = dict.fromkeys(names, np.ones(4))
    node = h.make_node("BatchNormalization", ["x", *names], ["y"], epsilon=1e-3, momentum=0.9)
    (found,) = layers(graph([node], weights)).values()
    assert isinstance(found.module, AnyRankBatchNorm)
    assert (found.module.eps, found.module.momentum) == (pytest.approx(1e-3), 0.1)
    AnyRankBatchNorm(4)(torch.zeros(2, 4, 3, 3, 3))
    node = h.make_node("BatchNormalization", ["x", *names], ["y", "", ""], training_mode=1)
    assert not layers(graph([node], weights))


def test_constants_that_are_no_weights_do_not_train():
    nodes = [h.make_node("Div", ["x", "std"], ["a"]), h.make_node("Mul", ["a", "scale"], ["b"]),
             h.make_node("Pow", ["b", "two"], ["y"])]  # fmt: skip
    made = graph(nodes, {"std": np.ones(4), "scale": np.ones(4), "two": np.array(2.0)})
    assert {name for name, value in made.initializers.items() if trained(value)} == {"scale"}
