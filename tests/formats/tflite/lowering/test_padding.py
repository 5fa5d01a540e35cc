import numpy as np
import onnx
import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, shape_inference

from edgecompress.formats.tflite.graph import Tensor
from edgecompress.formats.tflite.lowering.context import Value, image_view
from edgecompress.formats.tflite.lowering.padding import Axis, axes


def _same_of_tflite(size: int, extent: int, stride: int) -> tuple[int, int, int]:
    """ComputePaddingWithOffset and ComputeOutSize of tensorflow/lite/kernels/padding.h, for kTfLitePaddingSame."""
    out = (size + stride - 1) // stride
    total = max((out - 1) * stride + extent - size, 0)
    return out, total // 2, total - total // 2


@given(
    size=st.integers(1, 40),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 3),
    before=st.integers(0, 4),
    after=st.integers(0, 4),
)
def test_an_axis_is_same_or_valid_exactly_where_tflite_would_pad_so(size, kernel, stride, dilation, before, after):
    extent = (kernel - 1) * dilation + 1
    if size + before + after < extent:
        return
    out = (size + before + after - extent) // stride + 1
    axis = Axis(size, kernel, stride, dilation, before, after, out)
    same_out, same_before, same_after = _same_of_tflite(size, extent, stride)
    windows = [range(i * stride - before, i * stride - before + extent, dilation) for i in range(out)]
    read = {place for window in windows for place in window}
    assert axis.is_valid == all(0 <= place < size for place in read)
    same_windows = [
        range(i * stride - same_before, i * stride - same_before + extent, dilation) for i in range(same_out)
    ]
    if axis.is_same:
        assert windows == same_windows
    elif windows == same_windows:
        # What is read is the same, only more padding is declared than is read: never refuse that silently wrong.
        assert before != same_before or axis.needed != same_after
    # After a PAD of (before, needed), VALID must make the same number of places.
    assert (size + before + axis.needed - extent) // stride + 1 == out


@given(
    size=st.integers(3, 30),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 4),
    pads=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    ceil_mode=st.integers(0, 1),
)
def test_the_number_of_places_is_what_onnx_infers(size, kernel, stride, pads, ceil_mode):
    if max(pads) >= kernel or size + sum(pads) < kernel:
        return
    node = helper.make_node(
        "MaxPool", ["x"], ["y"], kernel_shape=[kernel], strides=[stride], pads=pads, ceil_mode=ceil_mode
    )
    x = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 1, size])
    y = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    model = helper.make_model(helper.make_graph([node], "g", [x], [y]), opset_imports=[helper.make_opsetid("", 22)])
    inferred = shape_inference.infer_shapes(model, strict_mode=True).graph.output[0].type.tensor_type.shape
    value = Value(Tensor("x", (1, 1, size, 1)), (1, 1, size), image_view((1, 1, size)))
    (found,) = [ir.from_proto(model).graph.node(0)]
    assert axes(found, value, (kernel,))[1].out == inferred.dim[2].dim_value


@pytest.mark.parametrize(
    ("pads", "own", "codes"),
    [
        ((0, 0, 0, 1, 0, 0, 1, 2), (0, 0, 0, 0), ["CONV_2D"]),  # what TensorFlow pads, as others export it
        ((0, 0, 0, 1, 0, 0, 0, 1), (0, 0, 1, 1), ["CONV_2D"]),
        ((0, 0, 2, 2, 0, 0, 2, 2), (1, 1, 1, 1), ["PAD", "CONV_2D"]),  # one PAD for both
        ((0, 1, 0, 1, 0, 0, 1, 1), (0, 0, 0, 0), ["PAD", "CONV_2D"]),  # channels too: it stays
    ],
)
def test_a_pad_before_a_convolution_becomes_its_padding(agree, onnx_model, pads, own, codes):
    filters = np.random.default_rng(0).normal(size=(4, 3 + pads[1] + pads[5], 3, 4)).astype(np.float32)
    nodes = [
        helper.make_node("Pad", ["x", "p"], ["a"]),
        helper.make_node("Conv", ["a", "w"], ["y"], strides=[2, 2], pads=own),
    ]
    found = agree(onnx_model(nodes, {"x": (1, 3, 8, 9)}, {"p": np.array(pads, np.int64), "w": filters}))
    assert found == codes


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "VALID"])
def test_a_pad_before_a_convolution_that_pads_by_a_rule(agree, onnx_model, auto_pad):
    filters = np.random.default_rng(0).normal(size=(4, 3, 3, 4)).astype(np.float32)
    nodes = [
        helper.make_node("Pad", ["x", "p"], ["a"]),
        helper.make_node("Conv", ["a", "w"], ["y"], strides=[2, 2], auto_pad=auto_pad),
    ]
    agree(onnx_model(nodes, {"x": (1, 3, 8, 9)}, {"p": np.array((0, 0, 1, 2, 0, 0, 3, 1), np.int64), "w": filters}))


def test_a_pad_that_others_read_stays(agree, onnx_model):
    filters = np.random.default_rng(0).normal(size=(4, 3, 3, 4)).astype(np.float32)
    nodes = [
        helper.make_node("Pad", ["x", "p"], ["a"]),
        helper.make_node("Conv", ["a", "w"], ["y"], strides=[2, 2]),
    ]
    constants = {"p": np.array((0, 0, 0, 1, 0, 0, 1, 2), np.int64), "w": filters}
    assert agree(onnx_model(nodes, {"x": (1, 3, 8, 9)}, constants, outputs=("y", "a"))) == ["PAD", "CONV_2D"]
