import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower

LINEAR, NEAREST = "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"


def _scales(*numbers):
    return {"s": np.array(numbers, np.float32)}


@pytest.mark.parametrize(
    ("scales", "attributes", "codes"),
    [
        ((1, 1, 2, 2), {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, [NEAREST]),
        ((1, 1, 0.5, 0.5), {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, [NEAREST]),
        ((1, 1, 3, 2), {}, [NEAREST]),
        ((1, 1, 1.7, 2.7), {"nearest_mode": "ceil"}, ["GATHER", "GATHER"]),
        ((1, 1, 2, 2), {"mode": "linear"}, [LINEAR]),
        ((1, 1, 2, 3), {"mode": "linear", "coordinate_transformation_mode": "align_corners"}, [LINEAR]),
        ((1, 1, 2, 2), {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}, [LINEAR]),
        ((1, 1, 0.5, 0.5), {"mode": "linear", "antialias": 1}, None),
        ((1, 1, 1.3, 2.6), {"mode": "linear"}, None),
        ((1, 1, 2, 2), {"mode": "cubic"}, None),
    ],
)
def test_every_rule_computes_what_onnxruntime_does(agree, onnx_model, scales, attributes, codes):
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], **attributes)
    found = agree(onnx_model([node], {"x": (1, 3, 4, 6)}, _scales(*scales)))
    assert codes is None or found == codes


def test_to_sizes_of_some_axes_of_a_series(agree, onnx_model):
    node = helper.make_node("Resize", ["x", "", "", "z"], ["y"], mode="linear", axes=[2])
    agree(onnx_model([node], {"x": (1, 3, 5)}, {"z": np.array([9], np.int64)}))


def test_upsample_of_opset_9(agree, onnx_model):
    node = helper.make_node("Upsample", ["x", "s"], ["y"], mode="linear")
    agree(onnx_model([node], {"x": (1, 3, 4, 6)}, _scales(1, 1, 2, 2), opset=9))


@pytest.mark.parametrize(
    ("attributes", "scales", "reason"),
    [
        ({"coordinate_transformation_mode": "tf_crop_and_resize"}, (1, 1, 2, 2), "tf_crop_and_resize"),
        ({"keep_aspect_ratio_policy": "not_larger"}, (1, 1, 2, 2), "stretch"),
        ({}, (2, 2), "do not fit"),
    ],
)
def test_what_has_no_tflite_form_is_refused(onnx_model, attributes, scales, reason):
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], name="n", **attributes)
    model = ir.from_proto(onnx_model([node], {"x": (1, 3, 4, 6)}, _scales(*scales)))
    with pytest.raises(InputError, match=f"cannot write Resize 'n' to TFLite: .*{reason}"):
        lower(model)
