import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.equivalence import attempts as shared
from edgecompress.equivalence.attempts import LARGEST
from edgecompress.errors import InputError
from edgecompress.formats.onnx.attempts import inputs, wanted


def attempts(graph, given=None):
    return shared.attempts(inputs(graph), given, wanted(graph))


def has_free_sizes(graph):
    return bool(shared.hint(inputs(graph), None))


def graph(nodes, inputs, arrays=()):
    values = [helper.make_tensor_value_info(*each) for each in inputs]
    weights = [numpy_helper.from_array(np.zeros(shape, np.float32), name) for name, shape in dict(arrays).items()]
    return helper.make_graph(nodes, "g", values, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], weights)


def test_a_file_that_fixes_its_sizes_is_tried_on_them():
    fixed = graph([], [("x", TensorProto.FLOAT, [1, 3, 8, 8])])
    assert not has_free_sizes(fixed)
    assert {each.shapes["x"] for each in attempts(fixed)} == {(1, 3, 8, 8)}
    assert [each.positive for each in attempts(fixed)] == [False, True]


@pytest.mark.parametrize(
    ("nodes", "rank", "arrays", "axis", "size"),
    [
        ([helper.make_node("Conv", ["x", "w"], ["y"], group=2)], 4, {"w": (8, 3, 3, 3)}, 1, 6),
        ([helper.make_node("ConvTranspose", ["x", "w"], ["y"])], 4, {"w": (5, 3, 3, 3)}, 1, 5),
        ([helper.make_node("MatMul", ["x", "w"], ["y"])], 3, {"w": (11, 7)}, 2, 11),
        ([helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)], 2, {"w": (7, 11)}, 1, 11),
        ([helper.make_node("LSTM", ["x", "w", "r"], ["y"])], 3, {"w": (1, 8, 9), "r": (1, 8, 2)}, 2, 9),
        ([helper.make_node("Sub", ["x", "mean"], ["y"])], 4, {"mean": (1, 3, 1, 1)}, 1, 3),
        (
            [
                helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
                helper.make_node("Relu", ["t"], ["r"]),
                helper.make_node("Conv", ["r", "w"], ["y"]),
            ],
            4,
            {"w": (8, 13, 3, 3)},
            3,
            13,
        ),
    ],
)
def test_the_weights_that_read_an_input_say_what_a_free_size_must_be(nodes, rank, arrays, axis, size):
    made = attempts(graph(nodes, [("x", TensorProto.FLOAT, [f"d{n}" for n in range(rank)])], arrays))
    first = made[0].shapes["x"]
    assert (first[axis], first[0]) == (size, 1)
    others = {each.shapes["x"][1 if axis != 1 else rank - 1] for each in made}
    assert {1, 2, 8, 64, 224} <= others


def test_equal_names_are_equal_sizes_and_whole_numbers_are_tried_in_several_ranges():
    made = attempts(graph([], [("a", TensorProto.INT64, ["n", "k"]), ("b", TensorProto.FLOAT, ["k", 2])]))
    assert all(each.shapes["a"][1] == each.shapes["b"][0] for each in made)
    assert {(0, 2), (1, 2), (0, 1), (64, 65)} <= {(each.low, each.high) for each in made}
    assert all(np.prod(shape) <= LARGEST for each in made for shape in each.shapes.values())


def test_shapes_that_are_given_are_taken_and_checked():
    free = graph([], [("x", TensorProto.FLOAT, ["n", 3, "h", "w"]), ("z", TensorProto.FLOAT, ["n"])])
    made = attempts(free, {"x": (4, 3, 37, 41)})
    assert {each.shapes["x"] for each in made} == {(4, 3, 37, 41)}
    for shapes, said in (
        ({"q": (1,)}, "no input 'q'; it has 'x', 'z'"),
        ({"x": (1, 3, 8)}, "has shape n,3,h,w"),
        ({"x": (1, 4, 8, 8)}, "has shape n,3,h,w"),
    ):
        with pytest.raises(InputError, match=said):
            attempts(free, shapes)


def test_weights_that_are_inputs_too_are_no_inputs():
    held = graph([helper.make_node("MatMul", ["x", "w"], ["y"])], [("x", 1, [1, 4]), ("w", 1, [4, 2])], {"w": (4, 2)})
    assert isinstance(held, onnx.GraphProto)
    assert set(attempts(held)[0].shapes) == {"x"}
