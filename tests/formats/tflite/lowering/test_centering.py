import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


def _array(*shape):
    return np.random.default_rng(3).normal(0, 1, shape).astype(np.float32)


@pytest.mark.parametrize("op", ["LayerNormalization", "RMSNormalization"])
@pytest.mark.parametrize(("shape", "axis"), [((2, 5, 6), -1), ((2, 3, 4, 5), 1), ((2, 3, 4, 5), -1), ((2, 7), 1)])
def test_over_the_last_axes(agree, onnx_model, op, shape, axis):
    scale = _array(*shape[axis:])
    parameters = ["s", "b"] if op == "LayerNormalization" else ["s"]
    node = helper.make_node(op, ["x", *parameters], ["y"], axis=axis, epsilon=1e-3)
    constants = {name: scale if name == "s" else scale + 1 for name in parameters}
    agree(onnx_model([node], {"x": shape}, constants, opset=23))


@pytest.mark.parametrize("shape", [(2, 4, 5, 6), (2, 4, 9)])
def test_over_the_places_of_each_channel_or_of_groups_of_them(agree, onnx_model, shape):
    constants = {"s": _array(4), "b": _array(4) + 1}
    instance = helper.make_node("InstanceNormalization", ["x", "s", "b"], ["y"])
    codes = agree(onnx_model([instance], {"x": shape}, constants))
    assert "TRANSPOSE" not in codes
    group = helper.make_node("GroupNormalization", ["x", "s", "b"], ["y"], num_groups=2)
    agree(onnx_model([group], {"x": shape}, constants, opset=21))


def test_groups_that_are_not_whole_are_refused(onnx_model):
    node = helper.make_node("GroupNormalization", ["x", "s", "b"], ["y"], name="norm", num_groups=3)
    model = onnx_model([node], {"x": (1, 4, 5, 5)}, {"s": _array(4), "b": _array(4)}, opset=21)
    with pytest.raises(InputError, match="'norm' to TFLite: scale and shift"):
        lower(ir.from_proto(model))
