import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower

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


@pytest.mark.parametrize("bounds", [(-1, 1), (-0.5, 2), (None, 1), (-1, None)])
def test_clip_to_any_bounds(agree, onnx_model, bounds):
    constants = {
        name: np.asarray(np.float32(bound)) for name, bound in zip(("l", "h"), bounds, strict=True) if bound is not None
    }
    node = helper.make_node("Clip", ["x", *(name if name in constants else "" for name in ("l", "h"))], ["y"])
    agree(onnx_model([node], {"x": ("n", 3, 5, 4)}, constants))


@pytest.mark.parametrize("shape", [(3, 5, 4), (7,)])
@pytest.mark.parametrize(
    ("op", "attributes"),
    [
        *((op, {}) for op in ("Abs", "Ceil", "Cos", "Elu", "Exp", "Floor", "HardSwish", "Mish", "Neg", "Round")),
        *((op, {}) for op in ("Sigmoid", "Sin", "Softplus", "Softsign", "Tanh")),
        ("Elu", {"alpha": 0.5}),
        ("Gelu", {}),
        ("Gelu", {"approximate": "tanh"}),
        ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
        ("HardSigmoid", {"alpha": 0.3, "beta": 0.6}),
        ("LeakyRelu", {"alpha": 0.2}),
    ],
)
def test_activations_of_each_element(agree, onnx_model, shape, op, attributes):
    nodes = [helper.make_node(op, ["x"], ["a"], **attributes), helper.make_node("Identity", ["a"], ["y"])]
    agree(onnx_model(nodes, {"x": ("n", *shape)}, opset=22))


@pytest.mark.parametrize("op", ["Log", "Reciprocal", "Sqrt"])
def test_functions_of_positive_elements(agree, onnx_model, op):
    nodes = [
        helper.make_node("Abs", ["x"], ["a"]),
        helper.make_node("Add", ["a", "half"], ["b"]),
        helper.make_node(op, ["b"], ["y"]),
    ]
    agree(onnx_model(nodes, {"x": ("n", 3, 5, 4)}, {"half": np.asarray(np.float32(0.5))}))


@pytest.mark.parametrize("slope", [(3, 1, 1), (1,), (3, 5, 4)])
def test_p_relu_with_a_slope_for_each_channel_or_one(agree, onnx_model, slope):
    array = np.random.default_rng(2).uniform(0.1, 0.5, slope).astype(np.float32)
    codes = agree(onnx_model([helper.make_node("PRelu", ["x", "s"], ["y"])], {"x": ("n", 3, 5, 4)}, {"s": array}))
    assert (codes == ["PRELU"]) == (slope != (3, 5, 4))


def test_a_slope_that_is_an_integer_is_refused(onnx_model):
    node = helper.make_node("PRelu", ["x", "s"], ["y"], name="p")
    with pytest.raises(InputError, match="cannot write PRelu 'p' to TFLite: its constant 's' is int64"):
        lower(ir.from_proto(onnx_model([node], {"x": (1, 3)}, {"s": np.array([1], np.int64)})))
