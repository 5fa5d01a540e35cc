import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((7,), -1), ((7,), 1), ((5, 3, 4), 1), ((5, 3, 4), -3), ((5, 3, 4), 3), ((5, 3, 4), 2), ((5, 9), 1), ((5, 9), -1)],
)
def test_over_any_axis(agree, onnx_model, op, shape, axis):
    codes = agree(onnx_model([helper.make_node(op, ["x"], ["y"], axis=axis)], {"x": ("n", *shape)}))
    assert {"Softmax": "SOFTMAX", "LogSoftmax": "LOG_SOFTMAX"}[op] in codes
    if axis in (1, -3):
        assert "TRANSPOSE" not in codes or len(shape) < 2, "channels are last already"


def test_of_a_flattened_map_it_is_over_all_of_it(agree, onnx_model):
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("Softmax", ["f"], ["y"], axis=1)]
    assert agree(onnx_model(nodes, {"x": (1, 3, 4, 5)})) == ["TRANSPOSE", "RESHAPE", "SOFTMAX"]


@pytest.mark.parametrize("axis", [1, 2])
def test_before_opset_13_what_follows_the_axis_was_flattened(agree, onnx_model, axis):
    agree(onnx_model([helper.make_node("Softmax", ["x"], ["y"], axis=axis)], {"x": (1, 3, 4, 5)}, opset=12))


def test_an_axis_that_is_not_there_is_refused(onnx_model):
    node = helper.make_node("Softmax", ["x"], ["y"], axis=4)
    with pytest.raises(InputError, match="its axis is 4, its input has 4"):
        lower(ir.from_proto(onnx_model([node], {"x": (1, 3, 4, 4)})))
