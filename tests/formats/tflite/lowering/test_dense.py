import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


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
    ("attributes", "bias"),
    [
        ({"alpha": 0.5}, (7,)),
        ({"beta": 0.5}, (1, 7)),
        ({"transA": 1, "alpha": 2.0}, ()),
        ({}, (5, 7)),
        ({"beta": 2.0}, (5, 1)),
        ({}, None),
    ],
)
@pytest.mark.parametrize("constant", [True, False])
def test_gemm_with_every_option(agree, onnx_model, attributes, bias, constant):
    shapes = {"x": (13, 5) if "transA" in attributes else (5, 13), "w": (13, 7)}
    constants = {} if bias is None else {"c": _weight(*bias)}
    if constant:
        constants["w"] = _weight(*shapes.pop("w"))
    node = helper.make_node("Gemm", ["x", "w", *(["c"] if bias is not None else [])], ["y"], **attributes)
    codes = agree(onnx_model([node], shapes, constants))
    assert ("FULLY_CONNECTED" in codes) == constant


@pytest.mark.parametrize("shape", [(1, 4, 13), (2, 3, 4, 13), (2, 13)])
@pytest.mark.parametrize("width", [7, None])
def test_a_constant_matrix_or_vector_applies_to_the_last_axis_of_any_rank(agree, onnx_model, shape, width):
    weight = _weight(13) if width is None else _weight(13, width)
    node = helper.make_node("MatMul", ["x", "w"], ["p"])
    assert "FULLY_CONNECTED" in agree(
        onnx_model([node, helper.make_node("Tanh", ["p"], ["y"])], {"x": shape}, {"w": weight})
    )


def test_tokens_made_of_places_are_not_moved_for_a_matrix(agree, onnx_model):
    nodes = [
        helper.make_node("Conv", ["x", "f"], ["c"]),
        helper.make_node("Reshape", ["c", "s"], ["r"]),
        helper.make_node("Transpose", ["r"], ["t"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["t", "w"], ["m"]),
        helper.make_node("Transpose", ["m"], ["y"], perm=[0, 2, 1]),
    ]
    constants = {"f": _weight(6, 3, 2, 2), "s": np.array([0, 6, -1], np.int64), "w": _weight(6, 7)}
    codes = agree(onnx_model(nodes, {"x": (1, 3, 4, 5)}, constants))
    assert "TRANSPOSE" not in codes


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((4, 3), (3, 5)),
        ((2, 4, 3), (2, 3, 5)),
        ((2, 1, 4, 3), (3, 3, 5)),
        ((3,), (3, 5)),
        ((3,), (2, 3, 5)),
        ((2, 4, 3), (3,)),
    ],
)
@pytest.mark.parametrize("constant", ["a", "b", None])
def test_products_of_matrices_side_by_side(agree, onnx_model, left, right, constant):
    shapes = {"a": left, "b": right}
    constants = {constant: _weight(*shapes.pop(constant))} if constant else {}
    agree(onnx_model([helper.make_node("MatMul", ["a", "b"], ["y"])], shapes, constants))


def test_a_transposed_right_side_is_an_option_of_the_product(agree, onnx_model):
    nodes = [
        helper.make_node("Transpose", ["b"], ["t"], perm=[1, 0]),
        helper.make_node("MatMul", ["a", "t"], ["y"]),
    ]
    assert agree(onnx_model(nodes, {"a": (4, 3), "b": (5, 3)})) == ["BATCH_MATMUL"]


@pytest.mark.parametrize(
    ("node", "shape", "reason"),
    [
        (helper.make_node("Gemm", ["x", "w"], ["y"], name="fc"), (1, 12), "does not fit 12 features"),
        (helper.make_node("Gemm", ["x", "w"], ["y"], name="fc"), (1, 4, 13), "must have two axes"),
        (helper.make_node("MatMul", ["w", "x"], ["y"], name="fc"), (1, 13), "do not fit each other"),
        (helper.make_node("MatMul", ["x", "x"], ["y"], name="fc"), (2, 2, 2, 2, 2, 2), "its product has 6 axes"),
    ],
)
def test_what_does_not_fit_is_refused(onnx_model, node, shape, reason):
    model = ir.from_proto(onnx_model([node], {"x": shape}, {"w": _weight(13, 7)}))
    with pytest.raises(InputError, match=reason):
        lower(model)
