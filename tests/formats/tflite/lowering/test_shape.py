import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 9), (7,)])
@pytest.mark.parametrize("axis", [1, "last"])
def test_flatten_puts_channels_first_as_onnx_does(agree, onnx_model, shape, axis):
    node = helper.make_node("Flatten", ["x"], ["y"], axis=-len(shape) if axis == "last" else axis)
    agree(onnx_model([node], {"x": (1, *shape)}))


@pytest.mark.parametrize("target", [(1, 60), (-1, 60), (0, -1), (1, -1)])
def test_reshape_to_features(agree, onnx_model, target):
    node = helper.make_node("Reshape", ["x", "shape"], ["y"])
    agree(onnx_model([node], {"x": (1, 3, 4, 5)}, {"shape": np.array(target, np.int64)}))


@pytest.mark.parametrize(
    "target", [(1, 3, 20), (2, 30), (4, 3, 5), (0, 0, 2, -1), (60,), (1, 5, 4, 3), (3, 2, 2, 5, 1)]
)
def test_reshape_to_any_shape_is_in_onnx_order(agree, onnx_model, target):
    node = helper.make_node("Reshape", ["x", "shape"], ["y"])
    agree(onnx_model([node], {"x": (1, 3, 4, 5)}, {"shape": np.array(target, np.int64)}))


@pytest.mark.parametrize("perm", [(0, 2, 3, 1), (0, 3, 1, 2), (3, 2, 1, 0), (1, 0, 2, 3)])
def test_transpose_of_any_axes(agree, onnx_model, perm):
    agree(onnx_model([helper.make_node("Transpose", ["x"], ["y"], perm=perm)], {"x": (2, 3, 4, 5)}))


def test_transpositions_that_undo_each_other_leave_nothing(agree, onnx_model):
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
        helper.make_node("Relu", ["t"], ["r"]),
        helper.make_node("Transpose", ["r"], ["y"], perm=[0, 3, 1, 2]),
    ]
    assert agree(onnx_model(nodes, {"x": (1, 3, 4, 5)})) == ["RELU"]


def test_a_channel_shuffle_is_one_transposition(agree, onnx_model):
    nodes = [
        helper.make_node("Reshape", ["x", "apart"], ["a"]),
        helper.make_node("Transpose", ["a"], ["t"], perm=[0, 2, 1, 3, 4]),
        helper.make_node("Reshape", ["t", "whole"], ["y"]),
    ]
    shapes = {"apart": np.array([0, 2, 3, 4, 5], np.int64), "whole": np.array([0, 6, 4, 5], np.int64)}
    codes = agree(onnx_model(nodes, {"x": (1, 6, 4, 5)}, shapes))
    assert codes == ["RESHAPE", "TRANSPOSE", "RESHAPE"]


def test_cast_among_numbers(agree, onnx_model):
    nodes = [
        helper.make_node("Cast", ["x"], ["i"], to=TensorProto.INT32),
        helper.make_node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("CastLike", ["f", "x"], ["y"]),
    ]
    assert agree(onnx_model(nodes, {"x": (1, 7)})) == ["CAST", "CAST"]


def test_dropout_and_identity_cost_nothing(agree, onnx_model):
    nodes = [
        helper.make_node("Identity", ["x"], ["i"]),
        helper.make_node("Dropout", ["i"], ["d"]),
        helper.make_node("Relu", ["d"], ["y"]),
    ]
    assert agree(onnx_model(nodes, {"x": (1, 3, 4, 5)})) == ["RELU"]


@pytest.mark.parametrize("target", [(-1, -1), (1, 59), (7, -1)])
def test_other_shapes_are_refused(onnx_model, target):
    node = helper.make_node("Reshape", ["x", "shape"], ["y"], name="view")
    model = onnx_model([node], {"x": (1, 3, 4, 5)}, {"shape": np.array(target, np.int64)})
    with pytest.raises(InputError, match="cannot write Reshape 'view' to TFLite: it reshapes"):
        lower(ir.from_proto(model))


@pytest.mark.parametrize("axis", [0, 2, 3, 4, -1])
def test_flatten_at_any_axis(agree, onnx_model, axis):
    agree(onnx_model([helper.make_node("Flatten", ["x"], ["y"], axis=axis)], {"x": (2, 3, 4, 5)}))


def test_an_axis_that_is_not_there_and_dropout_in_training_are_refused(onnx_model):
    flatten = helper.make_node("Flatten", ["x"], ["y"], axis=5)
    with pytest.raises(InputError, match="its axis is 5"):
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


@pytest.mark.parametrize(("op", "axes"), [("Squeeze", [0]), ("Unsqueeze", [0]), ("Unsqueeze", [4, 1])])
def test_any_axis_of_size_one_comes_and_goes(agree, onnx_model, op, axes):
    node = helper.make_node(op, ["x", "axes"], ["y"])
    agree(onnx_model([node], {"x": (1, 3, 4, 5)}, {"axes": np.array(axes, np.int64)}))


@pytest.mark.parametrize(
    ("op", "axes", "reason"), [("Squeeze", [2], "only axes of size 1"), ("Unsqueeze", [5], "are not")]
)
def test_other_axes_are_refused(onnx_model, op, axes, reason):
    node = helper.make_node(op, ["x", "axes"], ["y"], name="view")
    model = onnx_model([node], {"x": (1, 3, 4, 5)}, {"axes": np.array(axes, np.int64)})
    with pytest.raises(InputError, match=f"cannot write {op} 'view' to TFLite: .*{reason}"):
        lower(ir.from_proto(model))
