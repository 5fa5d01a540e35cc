import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


@pytest.mark.parametrize("shape", [(3, 5, 7), (3, 9)])
@pytest.mark.parametrize(("op", "code"), [("GlobalAveragePool", "MEAN"), ("GlobalMaxPool", "REDUCE_MAX")])
def test_global_pools_are_reductions_that_move_nothing(agree, onnx_model, shape, op, code):
    codes = agree(onnx_model([helper.make_node(op, ["x"], ["y"])], {"x": ("n", *shape)}))
    assert code in codes
    assert "TRANSPOSE" not in codes


@pytest.mark.parametrize("shape", [(3, 5, 7), (3, 9)])
@pytest.mark.parametrize("keep", [0, 1])
def test_mean_over_all_places(agree, onnx_model, shape, keep):
    mean = helper.make_node("ReduceMean", ["x", "axes"], ["y"], keepdims=keep)
    places = np.array([-1, 2][: len(shape) - 1], np.int64)
    assert "TRANSPOSE" not in agree(onnx_model([mean], {"x": ("n", *shape)}, {"axes": places}))


@pytest.mark.parametrize(("axes", "keep"), [([1], 1), ([1], 0), ([2], 0), ([0, 2, 3], 1), ([-1, -3], 0), ([3], 1)])
@pytest.mark.parametrize("op", ["Mean", "Max", "Min", "Sum", "Prod", "L1", "L2", "SumSquare"])
def test_reductions_over_any_axes(agree, onnx_model, op, axes, keep):
    node = helper.make_node(f"Reduce{op}", ["x", "axes"], ["y"], keepdims=keep)
    agree(onnx_model([node], {"x": (2, 3, 4, 5)}, {"axes": np.array(axes, np.int64)}), tolerance=1e-4)


def test_axes_as_attribute(agree, onnx_model):
    mean = helper.make_node("ReduceMean", ["x"], ["y"], axes=[3], keepdims=1)
    agree(onnx_model([mean], {"x": (1, 3, 5, 7)}, opset=13))


@pytest.mark.parametrize("op", ["ArgMax", "ArgMin"])
@pytest.mark.parametrize(("axis", "keep"), [(1, 0), (1, 1), (2, 0), (-1, 1)])
def test_the_place_of_the_largest_or_the_least(agree, onnx_model, op, axis, keep):
    nodes = [
        helper.make_node(op, ["x"], ["i"], axis=axis, keepdims=keep),
        helper.make_node("Cast", ["i"], ["y"], to=TensorProto.FLOAT),
    ]
    agree(onnx_model(nodes, {"x": (1, 3, 5, 7)}))


def test_what_is_no_axis_is_refused(onnx_model):
    node = helper.make_node("ReduceMean", ["x", "axes"], ["y"], name="mean")
    model = onnx_model([node], {"x": (1, 3, 8, 8)}, {"axes": np.array([4], np.int64)})
    with pytest.raises(InputError, match=r"cannot write ReduceMean 'mean' to TFLite: its axes .* are not axes of"):
        lower(ir.from_proto(model))
