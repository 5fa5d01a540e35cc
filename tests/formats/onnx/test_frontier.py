import numpy as np
from onnx import TensorProto, helper, numpy_helper

from edgecompress.formats.onnx.frontier import frontier


def graph(nodes, initializers, inputs=("x",)):
    return helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in inputs],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])],
        [numpy_helper.from_array(np.full(4, 2, np.float32), name) for name in initializers],
    )


def found(made):
    return {constant.name: [node.op_type for node in constant.nodes] for constant in frontier(made).constants}


def test_only_the_last_constant_value_is_on_the_frontier():
    nodes = [
        helper.make_node("Neg", ["w"], ["a"]),
        helper.make_node("Exp", ["a"], ["b"]),
        helper.make_node("Add", ["x", "b"], ["y"]),
    ]
    assert found(graph(nodes, ["w"])) == {"b": ["Neg", "Exp"]}


def test_what_two_constants_need_is_told_apart_from_what_each_needs_alone():
    nodes = [
        helper.make_node("Neg", ["w"], ["a"]),
        helper.make_node("Add", ["x", "w"], ["b"]),
        helper.make_node("Add", ["b", "a"], ["y"]),
    ]
    made = graph(nodes, ["w"])
    border = frontier(made)
    # each part is one field of the graph: tag, length, content
    assert {constant.name: constant.own for constant in border.constants} == {"w": 0, "a": made.node[0].ByteSize() + 2}
    assert border.shared == {("w", "a"): made.initializer[0].ByteSize() + 2}


def test_the_stated_type_of_a_value_belongs_to_it():
    nodes = [helper.make_node("Neg", ["w"], ["a"]), helper.make_node("Add", ["x", "a"], ["y"])]
    made = graph(nodes, ["w"])
    (without,) = frontier(made).constants
    made.value_info.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, [4]))
    (stated,) = frontier(made).constants
    assert stated.own == without.own + made.value_info[0].ByteSize() + 2


def test_an_initialiser_that_is_an_input_is_a_weight_and_nothing_computed_from_it_is_constant():
    nodes = [helper.make_node("Neg", ["w"], ["a"]), helper.make_node("Add", ["x", "a"], ["y"])]
    assert found(graph(nodes, ["w"])) == {"a": ["Neg"]}
    assert found(graph(nodes, ["w"], inputs=("x", "w"))) == {"w": []}


def test_a_random_and_a_foreign_operator_are_no_constants():
    nodes = [
        helper.make_node("RandomUniformLike", ["w"], ["r"]),
        helper.make_node("Mystery", ["v"], ["m"], domain="of.somebody"),
        helper.make_node("Sum", ["x", "r", "m"], ["y"]),
    ]
    assert found(graph(nodes, ["w", "v"])) == {"w": [], "v": []}


def test_integers_that_are_dequantised_are_the_weights_because_no_runtime_folds_that():
    nodes = [helper.make_node("DequantizeLinear", ["w", "v"], ["a"]), helper.make_node("Add", ["x", "a"], ["y"])]
    assert found(graph(nodes, ["w", "v"])) == {"w": [], "v": []}


def test_a_constant_output_of_the_graph_counts():
    assert found(graph([helper.make_node("Neg", ["w"], ["y"])], ["w"])) == {"y": ["Neg"]}
