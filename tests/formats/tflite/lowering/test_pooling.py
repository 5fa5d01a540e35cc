import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower

WINDOWS = [
    ((3, 8, 10), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ((3, 9, 11), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ((3, 9, 11), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ((3, 8, 10), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ((3, 8, 10), {"kernel_shape": [3, 2], "strides": [1, 3], "pads": [0, 1, 2, 0]}),
    ((3, 8, 10), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    ((3, 8, 10), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
    ((3, 8, 11), {"kernel_shape": [3, 3], "strides": [3, 3], "ceil_mode": 1, "pads": [1, 1, 1, 1]}),
    ((3, 8, 10), {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    ((3, 8, 10), {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_LOWER"}),
    ((5, 31), {"kernel_shape": [2], "strides": [2]}),
    ((5, 31), {"kernel_shape": [4], "strides": [3], "pads": [1, 2]}),
]


@pytest.mark.parametrize(("shape", "attributes"), WINDOWS)
def test_max_pool_computes_what_onnxruntime_does(agree, onnx_model, shape, attributes):
    agree(onnx_model([helper.make_node("MaxPool", ["x"], ["y"], **attributes)], {"x": ("n", *shape)}))


@pytest.mark.parametrize(("shape", "attributes"), WINDOWS)
@pytest.mark.parametrize("include", [0, 1])
def test_average_pool_divides_as_onnxruntime_does(agree, onnx_model, shape, attributes, include):
    node = helper.make_node("AveragePool", ["x"], ["y"], count_include_pad=include, **attributes)
    agree(onnx_model([node], {"x": ("n", *shape)}))


def test_after_a_relu_max_pool_is_padded_with_zeros_which_runtimes_delegate(agree, onnx_model):
    window = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    pool = helper.make_node("MaxPool", ["r"], ["y"], **window)
    codes = agree(onnx_model([helper.make_node("Relu", ["x"], ["r"]), pool], {"x": (1, 3, 8, 8)}))
    assert codes == ["RELU", "PAD", "MAX_POOL_2D"]
    assert agree(onnx_model([helper.make_node("MaxPool", ["x"], ["y"], **window)], {"x": (1, 3, 8, 8)}))[0] == "PADV2"


@pytest.mark.parametrize(
    ("op", "attributes", "reason"),
    [
        ("MaxPool", {"kernel_shape": [2, 2], "dilations": [2, 2]}, "no dilated pool"),
        ("MaxPool", {"kernel_shape": [2, 2, 2]}, "only 1-D and 2-D windows"),
        ("AveragePool", {"kernel_shape": [2, 2], "pads": [2, 0, 0, 0]}, "smaller than its window"),
    ],
)
def test_windows_without_a_tflite_form_are_refused(onnx_model, op, attributes, reason):
    node = helper.make_node(op, ["x"], ["y"], name="pool", **attributes)
    with pytest.raises(InputError, match=f"cannot write {op} 'pool' to TFLite: .*{reason}"):
        lower(ir.from_proto(onnx_model([node], {"x": (1, 3, 8, 8)})))


def test_the_indices_of_a_max_pool_are_refused(onnx_model):
    node = helper.make_node("MaxPool", ["x"], ["y", "where"], name="pool", kernel_shape=[2, 2])
    model = ir.from_proto(onnx_model([node], {"x": (1, 3, 8, 8)}, outputs=("y", "where")))
    with pytest.raises(InputError, match="its output 'where' is used"):
        lower(model)
