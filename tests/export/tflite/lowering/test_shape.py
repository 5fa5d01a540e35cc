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
