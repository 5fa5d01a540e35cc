import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.export.tflite.lowering.model import lower

ZERO, SIX = np.float32(0), np.float32(6)


@pytest.mark.parametrize("shape", [(3, 5, 4), (3, 9), (7,)])
@pytest.mark.parametrize(
    ("inputs", "constants", "code"),
    [
        (["x"], {}, "RELU"),
        (["x", "low", "high"], {"low": ZERO, "high": SIX}, "RELU6"),
        (["x", "low"], {"low": ZERO}, "RELU"),
    ],
)
def test_activations_of_an_input_are_operators(agree, onnx_model, shape, inputs, constants, code):
    node = helper.make_node("Clip" if constants else "Relu", inputs, ["y"])
    arrays = {name: np.asarray(value) for name, value in constants.items()}
    assert code in agree(onnx_model([node], {"x": ("n", *shape)}, arrays))


def test_clip_with_bounds_as_attributes(agree, onnx_model):
    node = helper.make_node("Clip", ["x"], ["y"], min=0.0, max=6.0)
    assert agree(onnx_model([node], {"x": (1, 40)}, opset=10)) == ["RELU6"]


def test_an_activation_becomes_part_of_the_operator_before_it(agree, onnx_model):
    nodes = [
        helper.make_node("Add", ["x", "z"], ["s"]),
        helper.make_node("Clip", ["s", "low", "high"], ["y"]),
    ]
    constants = {"low": np.asarray(ZERO), "high": np.asarray(SIX)}
    assert agree(onnx_model(nodes, {"x": (1, 3, 4, 4), "z": (1, 3, 4, 4)}, constants)) == ["ADD"]


def test_an_activation_of_what_others_read_stays_apart(agree, onnx_model):
    nodes = [helper.make_node("Add", ["x", "z"], ["s"]), helper.make_node("Relu", ["s"], ["y"])]
    shapes = {"x": (1, 3, 4, 4), "z": (1, 3, 4, 4)}
    assert agree(onnx_model(nodes, shapes, outputs=("y", "s"))) == ["ADD", "RELU"]
    # Dropout passes its input on: both names are one tensor, so a reader of either forbids the fusion.
    nodes = [
        helper.make_node("Add", ["x", "z"], ["s"]),
        helper.make_node("Dropout", ["s"], ["d"]),
        helper.make_node("Relu", ["d"], ["r"]),
        helper.make_node("Add", ["r", "s"], ["y"]),
    ]
    assert agree(onnx_model(nodes, shapes)) == ["ADD", "RELU", "ADD"]


@pytest.mark.parametrize(
    ("shape", "axis"), [((7,), -1), ((7,), 1), ((5, 3, 4), 1), ((5, 3, 4), -3), ((5, 9), 1), ((5, 9), -2)]
)
def test_softmax_over_features_or_channels(agree, onnx_model, shape, axis):
    assert "SOFTMAX" in agree(onnx_model([helper.make_node("Softmax", ["x"], ["y"], axis=axis)], {"x": ("n", *shape)}))


def test_softmax_of_a_flattened_map_is_over_all_of_it(agree, onnx_model):
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("Softmax", ["f"], ["y"], axis=1)]
    assert agree(onnx_model(nodes, {"x": (1, 3, 4, 5)})) == ["TRANSPOSE", "RESHAPE", "SOFTMAX"]


@pytest.mark.parametrize(
    ("node", "constants", "reason"),
    [
        (helper.make_node("Clip", ["x", "low"], ["y"], name="c"), {"low": np.float32(-1)}, r"clips to \[-1.0, None\]"),
        (helper.make_node("Softmax", ["x"], ["y"], name="c", axis=3), {}, "its axis is 3"),
    ],
)
def test_what_has_no_tflite_operator_is_refused(onnx_model, node, constants, reason):
    arrays = {name: np.asarray(value) for name, value in constants.items()}
    with pytest.raises(InputError, match=reason):
        lower(ir.from_proto(onnx_model([node], {"x": (1, 3, 4, 4)}, arrays)))
