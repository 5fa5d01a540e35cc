import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


def _weight(*shape):
    return np.random.default_rng(3).normal(0, 0.5, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "filters", "attributes", "codes"),
    [
        ((3, 9, 11), (4, 3, 3, 3), {}, ["CONV_2D"]),
        ((3, 9, 11), (4, 3, 3, 3), {"pads": [1, 1, 1, 1]}, ["CONV_2D"]),
        ((3, 9, 11), (4, 3, 3, 3), {"pads": [1, 1, 1, 1], "strides": [2, 2]}, ["CONV_2D"]),
        ((3, 8, 10), (4, 3, 3, 3), {"pads": [1, 1, 1, 1], "strides": [2, 2]}, ["PAD", "CONV_2D"]),
        ((3, 8, 10), (4, 3, 3, 3), {"pads": [0, 0, 1, 1], "strides": [2, 2]}, ["CONV_2D"]),
        ((3, 8, 10), (4, 3, 5, 3), {"pads": [0, 2, 3, 1], "strides": [1, 2]}, ["PAD", "CONV_2D"]),
        ((3, 8, 10), (4, 3, 1, 1), {"strides": [3, 2]}, ["CONV_2D"]),
        ((3, 8, 10), (4, 3, 1, 1), {"pads": [1, 1, 1, 1]}, ["PAD", "CONV_2D"]),
        ((3, 9, 11), (4, 3, 3, 3), {"dilations": [2, 3]}, ["CONV_2D"]),
        ((3, 9, 11), (4, 3, 3, 3), {"dilations": [2, 2], "pads": [2, 2, 2, 2]}, ["CONV_2D"]),
        ((3, 8, 10), (4, 3, 4, 4), {"auto_pad": "SAME_UPPER", "strides": [2, 3]}, ["CONV_2D"]),
        ((3, 8, 10), (4, 3, 4, 4), {"auto_pad": "SAME_LOWER"}, ["PAD", "CONV_2D"]),
        ((3, 8, 10), (4, 3, 4, 4), {"auto_pad": "VALID", "strides": [2, 3]}, ["CONV_2D"]),
        ((1, 8, 10), (4, 1, 3, 3), {}, ["CONV_2D"]),
        ((4, 8, 10), (4, 1, 3, 3), {"group": 4, "pads": [1, 1, 1, 1]}, ["DEPTHWISE_CONV_2D"]),
        ((4, 8, 10), (12, 1, 3, 2), {"group": 4, "strides": [2, 2]}, ["DEPTHWISE_CONV_2D"]),
        ((4, 8, 10), (4, 1, 3, 3), {"group": 4, "dilations": [2, 2]}, ["DEPTHWISE_CONV_2D"]),
        ((4, 8, 10), (4, 1, 3, 3), {"group": 4, "pads": [2, 0, 0, 1]}, ["PAD", "DEPTHWISE_CONV_2D"]),
        ((6, 8, 10), (9, 2, 3, 3), {"group": 3, "pads": [1, 1, 1, 1]}, ["CONV_2D"]),
    ],
)
@pytest.mark.parametrize("bias", [True, False])
def test_two_dimensional_convolution_computes_what_onnxruntime_does(
    agree, onnx_model, shape, filters, attributes, codes, bias
):
    constants = {"w": _weight(*filters)} | ({"b": _weight(filters[0])} if bias else {})
    node = helper.make_node("Conv", ["x", *constants], ["y"], **attributes)
    assert agree(onnx_model([node], {"x": ("n", *shape)}, constants)) == codes


@pytest.mark.parametrize(
    ("shape", "filters", "attributes"),
    [
        ((9, 128), (16, 9, 5), {"pads": [2, 2]}),
        ((9, 127), (16, 9, 5), {"pads": [2, 2], "strides": [2]}),
        ((9, 128), (16, 9, 4), {"pads": [0, 3], "strides": [2], "dilations": [2]}),
        ((6, 33), (6, 1, 3), {"group": 6, "pads": [1, 1]}),
        ((6, 33), (12, 3, 3), {"group": 2}),
    ],
)
def test_one_dimensional_convolution_computes_what_onnxruntime_does(agree, onnx_model, shape, filters, attributes):
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], **attributes)
    constants = {"w": _weight(*filters), "b": _weight(filters[0])}
    codes = agree(onnx_model([node], {"x": ("n", *shape)}, constants))
    assert codes[0] == codes[-1] == "RESHAPE", "the ends have the rank of the ONNX model"


def test_convolutions_that_share_a_weight_share_its_tensor(agree, onnx_model):
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"]), helper.make_node("Conv", ["a", "w"], ["y"])]
    model = onnx_model(nodes, {"x": (1, 3, 7, 7)}, {"w": _weight(3, 3, 3, 3)})
    agree(model)
    assert [tensor.name for tensor, _ in lower(ir.from_proto(model)).constants()] == ["w", "w.bias"]


@pytest.mark.parametrize(
    ("shape", "filters", "attributes", "reason"),
    [
        ((3, 8, 8), (4, 2, 3, 3), {}, "does not fit 3 channels"),
        ((3, 2, 2), (4, 3, 3, 3), {}, "larger than its padded input"),
        ((3, 8, 8), (4, 3, 3, 3), {"pads": [-1, 0, 0, 0]}, "pads not negative"),
        ((3, 8), (4, 3, 3, 3), {}, "only 1-D and 2-D convolutions"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(onnx_model, shape, filters, attributes, reason):
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="stem", **attributes)
    model = ir.from_proto(onnx_model([node], {"x": (1, *shape)}, {"w": _weight(*filters)}))
    with pytest.raises(InputError, match=f"cannot write Conv 'stem' to TFLite: .*{reason}"):
        lower(model)


@pytest.mark.parametrize(
    ("filters", "attributes", "version"),
    [
        ((4, 6, 3, 3), {}, 1),
        ((4, 6, 3, 3), {"dilations": [2, 2]}, 1),
        ((6, 1, 3, 3), {"group": 6}, 1),
        ((6, 1, 3, 3), {"group": 6, "dilations": [2, 2]}, 2),
        ((9, 2, 3, 3), {"group": 3}, 6),
    ],
)
def test_versions_are_the_lowest_that_tflite_has_for_the_option(onnx_model, filters, attributes, version):
    # tensorflow/compiler/mlir/lite/tools/versioning/op_version.cc, GetBuiltinOperatorVersion
    node = helper.make_node("Conv", ["x", "w"], ["y"], **attributes)
    graph = lower(ir.from_proto(onnx_model([node], {"x": (1, 6, 9, 9)}, {"w": _weight(*filters)})))
    assert [operator.version for operator in graph.operators] == [version]
