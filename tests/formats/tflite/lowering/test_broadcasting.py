import numpy as np
import pytest
from onnx import helper

from edgecompress.formats.tflite.graph import Tensor
from edgecompress.formats.tflite.lowering import views
from edgecompress.formats.tflite.lowering.broadcasting import ConstantOperand, per_output
from edgecompress.formats.tflite.lowering.context import Value, image_view


@pytest.mark.parametrize(
    ("shape", "is_one_an_output"),
    [
        ((3, 1, 1), True),
        ((1, 3, 1, 1), True),
        ((), True),
        ((1,), True),
        ((5,), False),
        ((3, 4, 1), False),
        ((2, 1, 1), False),
    ],
)
def test_a_constant_has_a_number_for_each_channel_or_one_for_all(shape, is_one_an_output):
    view = image_view((1, 3, 4, 5))
    constant = ConstantOperand("c", np.ones(shape, np.float32))
    assert (per_output(Value(Tensor("x", view.shape), (1, 3, 4, 5), view), constant) is not None) == is_one_an_output


def test_in_onnx_s_order_the_last_axis_counts():
    value = Value(Tensor("x", (2, 3)), (2, 3), views.plain((2, 3)))
    assert per_output(value, ConstantOperand("c", np.ones(3, np.float32))) is not None
    assert per_output(value, ConstantOperand("c", np.ones((2, 1), np.float32))) is None


def test_of_two_values_the_one_that_lies_channels_last_leads(agree, onnx_model):
    nodes = [
        helper.make_node("Reshape", ["flat", "s"], ["plain"]),
        helper.make_node("Sub", ["plain", "x"], ["d"]),
        helper.make_node("Conv", ["d", "w"], ["y"]),
    ]
    constants = {"s": np.array([1, 3, 4, 5], np.int64), "w": np.random.default_rng(3).normal(0, 1, (2, 3, 1, 1))}
    constants["w"] = constants["w"].astype(np.float32)
    codes = agree(onnx_model(nodes, {"x": (1, 3, 4, 5), "flat": (1, 60)}, constants))
    assert codes == ["RESHAPE", "TRANSPOSE", "SUB", "CONV_2D"]
