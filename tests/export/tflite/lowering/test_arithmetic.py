import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.export.tflite.lowering.model import lower


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
    ("inputs", "constants", "reason"),
    [
        ({"a": (1, 3, 4, 5), "b": (1, 5)}, {}, "different rank"),
        ({"a": (1, 3, 4, 5), "b": (1, 3, 5)}, {}, "different rank"),
        ({"a": (1, 3, 4, 5), "b": (1, 2, 4, 5)}, {}, "do not fit each other"),
        ({"a": (1, 3, 1, 1)}, {"b": _array(4, 4)}, "does not fit its input"),
        ({"a": (1, 3)}, {"b": _array(1, 1, 3)}, "does not fit its input"),
    ],
)
def test_what_does_not_fit_is_refused(onnx_model, inputs, constants, reason):
    node = helper.make_node("Add", ["a", "b"], ["y"], name="sum")
    with pytest.raises(InputError, match=f"cannot write Add 'sum' to TFLite: .*{reason}"):
        lower(ir.from_proto(onnx_model([node], inputs, constants)))
