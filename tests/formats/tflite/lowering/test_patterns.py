import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower

NUMBERS = {
    "root": np.asarray(np.sqrt(np.float32(2))),
    "inverse": np.asarray(np.sqrt(np.float32(0.5))),
    "one": np.asarray(np.float32(1)),
    "half": np.asarray(np.float32(0.5)),
}
ERF = [
    helper.make_node("Div", ["x", "root"], ["a"]),
    helper.make_node("Erf", ["a"], ["b"]),
    helper.make_node("Add", ["b", "one"], ["c"]),
]


@pytest.mark.parametrize(
    "nodes",
    [
        [*ERF, helper.make_node("Mul", ["half", "c"], ["d"]), helper.make_node("Mul", ["x", "d"], ["y"])],
        [*ERF, helper.make_node("Mul", ["x", "c"], ["d"]), helper.make_node("Mul", ["d", "half"], ["y"])],
        [helper.make_node("Mul", ["x", "half"], ["d"]), *ERF, helper.make_node("Mul", ["d", "c"], ["y"])],
        [
            helper.make_node("Mul", ["x", "inverse"], ["a"]),
            *ERF[1:],
            helper.make_node("Mul", ["half", "c"], ["d"]),
            helper.make_node("Mul", ["x", "d"], ["y"]),
        ],
    ],
)
def test_gelu_written_out_is_one_operator(agree, onnx_model, nodes):
    assert agree(onnx_model(nodes, {"x": (1, 40)}, NUMBERS)) == ["GELU"]


@pytest.mark.parametrize("change", [{"half": np.asarray(np.float32(0.4))}, {"one": np.asarray(np.float32(2))}])
def test_what_is_only_like_it_is_refused_with_a_hint(onnx_model, change):
    nodes = [*ERF, helper.make_node("Mul", ["half", "c"], ["d"]), helper.make_node("Mul", ["x", "d"], ["y"])]
    with pytest.raises(InputError, match=r"cannot write Erf to TFLite.*export with opset 20"):
        lower(ir.from_proto(onnx_model(nodes, {"x": (1, 40)}, NUMBERS | change)))


def test_an_erf_whose_parts_others_read_is_not_taken(onnx_model):
    nodes = [*ERF, helper.make_node("Mul", ["half", "c"], ["d"]), helper.make_node("Mul", ["x", "d"], ["y"])]
    with pytest.raises(InputError, match="cannot write Erf"):
        lower(ir.from_proto(onnx_model(nodes, {"x": (1, 40)}, NUMBERS, outputs=("y", "b"))))
