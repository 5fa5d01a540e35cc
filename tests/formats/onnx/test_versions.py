import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper

from edgecompress.formats.onnx.versions import lower


def model(nodes, opset, *, ir_version, functions=(), others=()):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 4]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:])
    opsets = [helper.make_opsetid(*each) for each in (("", opset), *others)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=ir_version, functions=list(functions))
    return ir.from_proto(made)


@pytest.mark.parametrize(
    ("nodes", "opset", "ir_version", "expected"),
    [
        ([helper.make_node("Relu", ["x"], ["y"])], 21, 10, (14, 7)),
        ([helper.make_node("Gelu", ["x"], ["y"])], 21, 10, (20, 9)),
        ([helper.make_node("BitwiseNot", ["x"], ["y"])], 21, 10, (18, 8)),
        ([helper.make_node("Transpose", ["x"], ["y"])], 22, 10, (13, 7)),
        ([helper.make_node("Conv", ["x", "x"], ["y"])], 22, 10, (13, 7)),
        ([helper.make_node("Pad", ["x", "p"], ["y"], mode="reflect")], 21, 10, (18, 8)),
        ([helper.make_node("Pad", ["x", "p"], ["y"], mode="wrap")], 21, 10, (21, 10)),
        ([helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT8E5M2)], 23, 11, (23, 11)),
        ([helper.make_node("Transpose", ["x"], ["y"])], 17, 6, (13, 6)),  # never raised
        ([helper.make_node("Softmax", ["x"], ["y"])], 12, 10, (12, 7)),  # the opset is never raised either
        ([helper.make_node("Unknown", ["x"], ["y"])], 21, 12, (21, 10)),
    ],
)
def test_no_later_versions_than_the_operators_need(nodes, opset, ir_version, expected):
    made = model(nodes, opset, ir_version=ir_version)
    lower(made)
    assert (made.opset_imports[""], made.ir_version) == expected


def test_operators_of_bodies_and_functions_count_and_other_domains_are_left_alone():
    body = helper.make_graph([helper.make_node("Gelu", ["x"], ["z"])], "b", [], [onnx.ValueInfoProto(name="z")])
    made = model(
        [
            helper.make_node("Equal", ["x", "x"], ["c"]),
            helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body),
        ],
        21,
        ir_version=10,
        others=[("com.microsoft", 1)],
    )
    lower(made)
    assert made.opset_imports == {"": 20, "com.microsoft": 1}
    inside = helper.make_function(
        "own", "F", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])], [helper.make_opsetid("", 21)]
    )
    made = model(
        [helper.make_node("F", ["x"], ["y"], domain="own")], 21, ir_version=10, functions=[inside], others=[("own", 1)]
    )
    lower(made)
    (function,) = made.functions.values()
    assert (made.opset_imports[""], function.opset_imports[""], made.ir_version) == (14, 14, 8)
