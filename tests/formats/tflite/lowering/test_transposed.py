import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


def _weight(*shape):
    return np.random.default_rng(3).normal(0, 0.3, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "kernel", "attributes"),
    [
        ((3, 4, 5), (2, 2), {"strides": [2, 2]}),
        ((3, 4, 5), (3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}),
        ((3, 4, 5), (4, 4), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
        ((3, 4, 5), (3, 2), {"strides": [1, 3], "pads": [0, 1, 2, 0]}),
        ((3, 4, 5), (2, 2), {"strides": [3, 3], "output_padding": [2, 1]}),
        ((3, 4, 5), (3, 3), {"dilations": [2, 1]}),
        ((3, 4, 5), (3, 3), {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
        ((3, 4, 5), (3, 3), {"strides": [2, 2], "auto_pad": "SAME_LOWER"}),
        ((3, 4, 5), (3, 3), {"strides": [3, 2], "output_shape": [10, 8]}),
        ((3, 9), (4,), {"strides": [2], "pads": [1, 1]}),
    ],
)
@pytest.mark.parametrize("biased", [True, False])
def test_it_computes_what_onnxruntime_does(agree, onnx_model, shape, kernel, attributes, biased):
    constants = {"w": _weight(3, 4, *kernel)} | ({"b": _weight(4)} if biased else {})
    nodes = [
        helper.make_node("ConvTranspose", ["x", *constants], ["c"], **attributes),
        helper.make_node("Relu", ["c"], ["y"]),
    ]
    codes = agree(onnx_model(nodes, {"x": ("n", *shape)}, constants))
    assert codes.count("TRANSPOSE_CONV") == 1
    assert "TRANSPOSE" not in codes


def test_a_normalization_after_it_is_folded(agree, onnx_model):
    random = np.random.default_rng(1)
    statistics = {name: random.uniform(0.5, 1, 4).astype(np.float32) for name in ("scale", "shift", "mean", "var")}
    nodes = [
        helper.make_node("ConvTranspose", ["x", "w"], ["c"], strides=[2, 2]),
        helper.make_node("BatchNormalization", ["c", *statistics], ["y"]),
    ]
    codes = agree(onnx_model(nodes, {"x": (1, 3, 4, 5)}, {"w": _weight(3, 4, 2, 2)} | statistics))
    assert codes == ["TRANSPOSE_CONV"]


@pytest.mark.parametrize(("filters", "group"), [((3, 4, 2, 2), 3), ((2, 4, 2, 2), 1), ((3, 4, 2), 1)])
def test_groups_and_what_does_not_fit_are_refused(onnx_model, filters, group):
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], name="up", group=group)
    model = ir.from_proto(onnx_model([node], {"x": (1, 3, 4, 5)}, {"w": _weight(*filters)}))
    with pytest.raises(InputError, match="cannot write ConvTranspose 'up' to TFLite"):
        lower(model)
