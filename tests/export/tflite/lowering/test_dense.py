import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.export.tflite.lowering.model import lower


def _weight(*shape):
    return np.random.default_rng(3).normal(0, 0.5, shape).astype(np.float32)


@pytest.mark.parametrize("transposed", [0, 1])
@pytest.mark.parametrize("bias", [None, (7,), (1, 7), (1,)])
def test_gemm_computes_what_onnxruntime_does(agree, onnx_model, transposed, bias):
    constants = {"w": _weight(7, 13) if transposed else _weight(13, 7)} | (
        {} if bias is None else {"b": _weight(*bias)}
    )
    node = helper.make_node("Gemm", ["x", *constants], ["y"], transB=transposed)
    assert agree(onnx_model([node], {"x": ("n", 13)}, constants)) == ["FULLY_CONNECTED"]


@pytest.mark.parametrize("order", [("m", "b"), ("b", "m")])
def test_an_add_after_mat_mul_becomes_its_bias_and_keeps_its_name(agree, onnx_model, order):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Add", order, ["y"])]
    model = onnx_model(nodes, {"x": ("n", 13)}, {"w": _weight(13, 7), "b": _weight(7)})
    assert agree(model) == ["FULLY_CONNECTED"]
    assert [tensor.name for tensor, _ in lower(ir.from_proto(model)).constants()] == ["w", "b"]


def test_an_add_to_a_matrix_that_others_read_stays_an_add(agree, onnx_model):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Add", ["m", "b"], ["y"])]
    model = onnx_model(nodes, {"x": ("n", 13)}, {"w": _weight(13, 7), "b": _weight(7)}, outputs=("y", "m"))
    assert agree(model) == ["FULLY_CONNECTED", "ADD"]


@pytest.mark.parametrize("shape", [(5, 3, 4), (5, 6), (1, 3, 4), (5, 1, 1)])
def test_the_matrix_after_a_flatten_reads_channels_last_without_a_transposition(agree, onnx_model, shape):
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("Relu", ["f"], ["r"]),
        helper.make_node("Gemm", ["r", "w"], ["y"], transB=1),
    ]
    codes = agree(onnx_model(nodes, {"x": ("n", *shape)}, {"w": _weight(7, int(np.prod(shape)))}))
    assert "TRANSPOSE" not in codes


def test_one_weight_after_two_different_flattens_is_right_in_both(agree, onnx_model):
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("Gemm", ["f", "w"], ["y"], transB=1),
        helper.make_node("Gemm", ["flat", "w"], ["z"], transB=1),
    ]
    model = onnx_model(nodes, {"x": (1, 2, 3, 4), "flat": (1, 24)}, {"w": _weight(7, 24)}, outputs=("y", "z"))
    agree(model)
    names = [tensor.name for tensor, _ in lower(ir.from_proto(model)).constants()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("node", "shape", "reason"),
    [
        (helper.make_node("Gemm", ["x", "w"], ["y"], name="fc", alpha=0.5), (1, 13), "alpha = beta = 1"),
        (helper.make_node("Gemm", ["x", "w"], ["y"], name="fc", transA=1), (1, 13), "transA = 0"),
        (helper.make_node("Gemm", ["x", "w"], ["y"], name="fc"), (1, 12), "does not fit 12 features"),
        (helper.make_node("MatMul", ["x", "w"], ["y"], name="fc"), (1, 4, 13), "must be flat"),
        (helper.make_node("MatMul", ["w", "x"], ["y"], name="fc"), (1, 13), "must be a constant"),
    ],
)
def test_what_is_no_matrix_of_features_is_refused(onnx_model, node, shape, reason):
    model = ir.from_proto(onnx_model([node], {"x": shape}, {"w": _weight(13, 7)}))
    with pytest.raises(InputError, match=reason):
        lower(model)
