import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper, numpy_helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


def _constant(name, value):
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value)))


def test_a_view_with_the_batch_taken_from_the_input_is_a_plain_reshape(agree, onnx_model):
    nodes = [
        helper.make_node("Shape", ["x"], ["sizes"]),
        _constant("first", np.int64(0)),
        helper.make_node("Gather", ["sizes", "first"], ["batch"]),
        _constant("axes", np.array([0])),
        helper.make_node("Unsqueeze", ["batch", "axes"], ["batches"]),
        _constant("rest", np.array([-1])),
        helper.make_node("Concat", ["batches", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    assert agree(onnx_model(nodes, {"x": ("n", 3, 4, 5)})) == ["TRANSPOSE", "RESHAPE"]


def test_part_of_a_shape(agree, onnx_model):
    nodes = [
        helper.make_node("Shape", ["x"], ["batch"], start=0, end=1),
        _constant("rest", np.array([-1])),
        helper.make_node("Concat", ["batch", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"], allowzero=1),
    ]
    agree(onnx_model(nodes, {"x": ("n", 3, 4, 5)}))


def test_weights_that_nodes_prepare_are_constants(agree, onnx_model):
    weight = np.random.default_rng(3).normal(0, 1, (7, 13)).astype(np.float32)
    nodes = [helper.make_node("Transpose", ["w"], ["t"]), helper.make_node("MatMul", ["x", "t"], ["y"])]
    assert agree(onnx_model(nodes, {"x": ("n", 13)}, {"w": weight})) == ["FULLY_CONNECTED"]


def test_a_constant_cast_to_the_type_of_a_computed_value_is_constant(agree, onnx_model):
    weight = np.random.default_rng(3).normal(0, 1, (13, 7))
    nodes = [helper.make_node("CastLike", ["w", "x"], ["c"]), helper.make_node("MatMul", ["x", "c"], ["y"])]
    assert agree(onnx_model(nodes, {"x": ("n", 13)}, {"w": weight})) == ["FULLY_CONNECTED"]


def test_a_reader_of_the_type_alone_does_not_keep_an_activation_apart(agree, onnx_model):
    # Torch's relu6 without the exporter's optimiser.
    nodes = [
        helper.make_node("Add", ["x", "z"], ["s"]),
        helper.make_node("CastLike", ["zero", "s"], ["low"]),
        helper.make_node("CastLike", ["six", "s"], ["high"]),
        helper.make_node("Clip", ["s", "low", "high"], ["y"]),
    ]
    constants = {"zero": np.asarray(np.int64(0)), "six": np.asarray(np.int64(6))}
    assert agree(onnx_model(nodes, {"x": (1, 3, 4, 4), "z": (1, 3, 4, 4)}, constants)) == ["ADD"]


def test_constants_that_do_not_fit_their_node_are_refused(onnx_model):
    constants = {"a": np.ones((2, 3), np.float32), "b": np.ones((4, 5), np.float32)}
    nodes = [helper.make_node("MatMul", ["a", "b"], ["w"], name="fuse"), helper.make_node("MatMul", ["x", "w"], ["y"])]
    with pytest.raises(InputError, match="cannot write MatMul 'fuse' to TFLite: its constant inputs do not fit it"):
        lower(ir.from_proto(onnx_model(nodes, {"x": (1, 2)}, constants)))
