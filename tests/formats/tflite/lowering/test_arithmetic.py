import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


def _array(*shape):
    return np.random.default_rng(3).normal(0, 0.5, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((3, 4, 5), (3, 4, 5)),
        ((3, 4, 5), (3, 1, 1)),
        ((3, 1, 5), (3, 4, 1)),
        ((3, 9), (3, 9)),
        ((3, 9), (3, 1)),
        ((7,), (7,)),
    ],
)
def test_computed_values_are_added_with_broadcasting(agree, onnx_model, left, right):
    node = helper.make_node("Add", ["a", "b"], ["y"])
    assert "ADD" in agree(onnx_model([node], {"a": (1, *left), "b": (1, *right)}))


@pytest.mark.parametrize(
    ("shape", "constant"),
    [
        ((3, 4, 5), (3, 1, 1)),
        ((3, 4, 5), (1, 3, 4, 5)),
        ((3, 4, 5), (5,)),
        ((3, 4, 5), (4, 1)),
        ((3, 4, 5), ()),
        ((3, 9), (3, 1)),
        ((3, 9), (9,)),
        ((7,), (7,)),
        ((7,), (1, 7)),
    ],
)
def test_a_constant_is_added_where_onnx_broadcasts_it(agree, onnx_model, shape, constant):
    node = helper.make_node("Add", ["c", "x"], ["y"])
    agree(onnx_model([node], {"x": (1, *shape)}, {"c": _array(*constant)}))


def test_flattened_values_keep_their_order(agree, onnx_model):
    nodes = [
        helper.make_node("Flatten", ["a"], ["f"]),
        helper.make_node("Flatten", ["b"], ["g"]),
        helper.make_node("Add", ["f", "g"], ["s"]),
        helper.make_node("Add", ["s", "flat"], ["t"]),
        helper.make_node("Add", ["t", "c"], ["y"]),
    ]
    inputs = {"a": (1, 3, 4, 5), "b": (1, 5, 4, 3), "flat": (1, 60)}
    agree(onnx_model(nodes, inputs, {"c": _array(60)}))


@pytest.mark.parametrize(
    ("left", "right"),
    [((1, 3, 4, 5), (5,)), ((1, 3, 4, 5), (4, 5)), ((1, 3, 1, 1), (4, 4)), ((1, 3), (2, 5, 3)), ((2, 1, 4), (1, 3, 1))],
)
@pytest.mark.parametrize("constant", ["a", "b", None])
def test_ranks_may_differ_and_either_side_may_grow(agree, onnx_model, left, right, constant):
    shapes = {"a": left, "b": right}
    nodes = [helper.make_node("Sub", ["a", "b"], ["s"]), helper.make_node("Relu", ["s"], ["y"])]
    constants = {constant: _array(*shapes.pop(constant))} if constant else {}
    agree(onnx_model(nodes, shapes, constants))


@pytest.mark.parametrize("op", ["Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean"])
def test_other_operators_on_two_values_or_a_value_and_a_constant(agree, onnx_model, op):
    node = helper.make_node(op, ["c", "x"], ["y"])
    shifted = [helper.make_node("Abs", ["a"], ["p"]), helper.make_node("Add", ["p", "one"], ["x"]), node]
    one = np.asarray(np.float32(1))
    agree(onnx_model(shifted, {"a": (1, 3, 4, 5)}, {"c": _array(3, 1, 1), "one": one}))
    agree(onnx_model(shifted, {"a": (1, 3, 4, 5), "c": (1, 3, 1, 1)}, {"one": one}))


@pytest.mark.parametrize("op", ["Max", "Sum", "Mean"])
def test_many_values(agree, onnx_model, op):
    node = helper.make_node(op, ["a", "b", "c"], ["y"])
    agree(onnx_model([node], {"a": (1, 3, 4, 5), "b": (1, 3, 1, 5)}, {"c": _array(4, 5)}))


@pytest.mark.parametrize("kind", [np.float32, np.int64])
@pytest.mark.parametrize(("exponent", "codes"), [(2, ["MUL"]), (3, ["MUL", "MUL"]), (0.5, ["ABS", "POW"])])
def test_powers(agree, onnx_model, kind, exponent, codes):
    if exponent < 1 and kind is np.int64:
        pytest.skip("no integer")
    first = [helper.make_node("Abs", ["x"], ["a"])] if exponent < 1 else []
    node = helper.make_node("Pow", ["a" if first else "x", "e"], ["y"])
    assert agree(onnx_model([*first, node], {"x": (1, 7)}, {"e": np.asarray(kind(exponent))})) == codes


@pytest.mark.parametrize("shape", [(4,), (1, 4, 1, 1), (4, 1, 1), ()])
def test_a_constant_after_a_convolution_becomes_its_bias(agree, onnx_model, shape):
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("Add", ["c", "b"], ["y"])]
    codes = agree(onnx_model(nodes, {"x": (1, 3, 6, 6)}, {"w": _array(4, 3, 3, 3), "b": _array(*shape)}))
    assert codes == (["CONV_2D"] if shape != (4,) else ["CONV_2D", "ADD"]), "(4,) runs along the width"


@pytest.mark.parametrize(
    ("inputs", "constants", "reason"),
    [
        ({"a": (1, 3, 4, 5), "b": (1, 3, 5)}, {}, "do not fit each other"),
        ({"a": (1, 3, 4, 5), "b": (1, 2, 4, 5)}, {}, "do not fit each other"),
        ({"a": (1, 3)}, {"b": _array(4)}, "do not fit each other"),
    ],
)
def test_what_does_not_fit_is_refused(onnx_model, inputs, constants, reason):
    node = helper.make_node("Add", ["a", "b"], ["y"], name="sum")
    with pytest.raises(InputError, match=f"cannot write Add 'sum' to TFLite: .*{reason}"):
        lower(ir.from_proto(onnx_model([node], inputs, constants)))
