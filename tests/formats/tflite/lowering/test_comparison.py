import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower

NUMBERS = {"c": np.random.default_rng(3).normal(0, 1, (3, 1, 5)).astype(np.float32)}
COMPARISONS = ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"]


@pytest.mark.parametrize("op", COMPARISONS)
@pytest.mark.parametrize("other", ["c", "z"])
def test_a_choice_by_a_comparison(agree, onnx_model, op, other):
    nodes = [
        helper.make_node("Floor", ["x"], ["f"]),
        helper.make_node("Floor", [other], ["g"]),
        helper.make_node(op, ["f", "g"], ["b"]),
        helper.make_node("Where", ["b", "x", "c"], ["y"]),
    ]
    agree(onnx_model(nodes, {"x": (1, 3, 4, 5)} | ({"z": (4, 1)} if other == "z" else {}), NUMBERS))


@pytest.mark.parametrize("op", ["And", "Or"])
def test_bools_are_combined_and_become_numbers(agree, onnx_model, op):
    nodes = [
        helper.make_node("Greater", ["x", "c"], ["a"]),
        helper.make_node("Less", ["z", "c"], ["b"]),
        helper.make_node(op, ["a", "b"], ["d"]),
        helper.make_node("Not", ["d"], ["e"]),
        helper.make_node("Cast", ["e"], ["y"], to=TensorProto.FLOAT),
    ]
    agree(onnx_model(nodes, {"x": (1, 3, 4, 5), "z": (1, 3, 4, 1)}, NUMBERS))


def test_arithmetic_on_bools_is_refused(onnx_model):
    nodes = [helper.make_node("Greater", ["x", "c"], ["a"]), helper.make_node("Add", ["a", "a"], ["y"], name="n")]
    with pytest.raises(InputError, match="cannot write Add 'n' to TFLite: its input 0 is bool"):
        lower(ir.from_proto(onnx_model(nodes, {"x": (1, 3, 4, 5)}, NUMBERS)))
