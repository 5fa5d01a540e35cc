import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.export.tflite.lowering.model import lower


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 9), (7,)])
@pytest.mark.parametrize("axis", [1, "last"])
def test_flatten_puts_channels_first_as_onnx_does(agree, onnx_model, shape, axis):
    node = helper.make_node("Flatten", ["x"], ["y"], axis=-len(shape) if axis == "last" else axis)
    agree(onnx_model([node], {"x": (1, *shape)}))


@pytest.mark.parametrize("target", [(1, 60), (-1, 60), (0, -1), (1, -1)])
def test_reshape_to_features(agree, onnx_model, target):
    node = helper.make_node("Reshape", ["x", "shape"], ["y"])
    agree(onnx_model([node], {"x": (1, 3, 4, 5)}, {"shape": np.array(target, np.int64)}))


def test_a_fixed_batch_in_the_model_becomes_one(onnx_model):
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["y"])]
    model = onnx_model(nodes, {"x": (8, 3, 4, 5)}, {"shape": np.array([8, -1], np.int64)})
    assert [tensor.shape for tensor in lower(ir.from_proto(model)).outputs] == [(1, 60)]


def test_dropout_and_identity_cost_nothing(agree, onnx_model):
    nodes = [
        helper.make_node("Identity", ["x"], ["i"]),
        helper.make_node("Dropout", ["i"], ["d"]),
        helper.make_node("Relu", ["d"], ["y"]),
    ]
    assert agree(onnx_model(nodes, {"x": (1, 3, 4, 5)})) == ["RELU"]


@pytest.mark.parametrize("target", [(1, 3, 20), (2, 30), (-1, -1), (1, 59)])
def test_other_shapes_are_refused(onnx_model, target):
    node = helper.make_node("Reshape", ["x", "shape"], ["y"], name="view")
    model = onnx_model([node], {"x": (1, 3, 4, 5)}, {"shape": np.array(target, np.int64)})
    with pytest.raises(InputError, match="cannot write Reshape 'view' to TFLite: it reshapes"):
        lower(ir.from_proto(model))


def test_flatten_of_the_batch_and_dropout_in_training_are_refused(onnx_model):
    flatten = helper.make_node("Flatten", ["x"], ["y"], axis=2)
    with pytest.raises(InputError, match="its axis is 2"):
        lower(ir.from_proto(onnx_model([flatten], {"x": (1, 3, 4, 5)})))
    dropout = helper.make_node("Dropout", ["x", "ratio", "mode"], ["y"])
    constants = {"ratio": np.asarray(np.float32(0.5)), "mode": np.asarray(True)}
    with pytest.raises(InputError, match="training mode"):
        lower(ir.from_proto(onnx_model([dropout], {"x": (1, 3, 4, 5)}, constants)))


@pytest.mark.parametrize(
    ("op", "shape", "axes"),
    [
        ("Unsqueeze", (3, 9), [2]),
        ("Unsqueeze", (3, 9), [-1]),
        ("Unsqueeze", (7,), [2, 3]),
        ("Unsqueeze", (7,), [1]),
        ("Squeeze", (3, 1, 9), [2]),
        ("Squeeze", (3, 9, 1), [-1]),
        ("Squeeze", (3, 1, 1), [2, 3]),
        ("Squeeze", (3, 1), [2]),
    ],
)
def test_spatial_axes_come_and_go(agree, onnx_model, op, shape, axes):
    node = helper.make_node(op, ["x", "axes"], ["s"])
    after = helper.make_node("Relu", ["s"], ["y"])
    agree(onnx_model([node, after], {"x": (1, *shape)}, {"axes": np.array(axes, np.int64)}))
    agree(onnx_model([helper.make_node(op, ["x"], ["s"], axes=axes), after], {"x": (1, *shape)}, opset=12))


def test_a_one_dimensional_pool_written_as_a_two_dimensional_one(agree, onnx_model):
    nodes = [
        helper.make_node("Unsqueeze", ["x", "axes"], ["u"]),
        helper.make_node("MaxPool", ["u"], ["p"], kernel_shape=[1, 2], strides=[1, 2]),
        helper.make_node("Squeeze", ["p", "axes"], ["y"]),
    ]
    codes = agree(onnx_model(nodes, {"x": ("n", 3, 9)}, {"axes": np.array([2], np.int64)}))
    assert codes == ["RESHAPE", "MAX_POOL_2D", "RESHAPE"], "the two axes cost nothing: only the ends are reshaped"


@pytest.mark.parametrize(("op", "axes"), [("Squeeze", [0]), ("Squeeze", [2]), ("Unsqueeze", [0]), ("Unsqueeze", [4])])
def test_other_axes_are_refused(onnx_model, op, axes):
    node = helper.make_node(op, ["x", "axes"], ["y"], name="view")
    model = onnx_model([node], {"x": (1, 3, 4, 5)}, {"axes": np.array(axes, np.int64)})
    with pytest.raises(InputError, match="only spatial axes"):
        lower(ir.from_proto(model))
