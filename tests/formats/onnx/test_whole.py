import pytest
from onnx import TensorProto, helper

from edgecompress.formats.onnx.whole import garbled, incomplete

FLOATS = TensorProto.FLOAT
X, Y = (helper.make_tensor_value_info(name, FLOATS, [1, 4]) for name in "xy")


def branch(reads, gives="b"):
    return helper.make_graph(
        [helper.make_node("Relu", [reads], ["b"])], "branch", [], [helper.make_tensor_value_info(gives, FLOATS, [1, 4])]
    )


def model(nodes, functions=()):
    graph = helper.make_graph(nodes, "g", [X, helper.make_tensor_value_info("test", TensorProto.BOOL, [])], [Y])
    domains = [helper.make_opsetid("", 17), *(helper.make_opsetid(each.domain, 1) for each in functions)]
    return helper.make_model(graph, opset_imports=domains, functions=functions)


def either(then, otherwise):
    return model([helper.make_node("If", ["test"], ["y"], then_branch=then, else_branch=otherwise)])


def function(reads):
    return helper.make_function(
        "own", "f", ["a"], ["b"], [helper.make_node("Relu", [reads], ["b"])], [helper.make_opsetid("", 17)]
    )


def test_what_can_run_is_whole():
    assert incomplete(model([helper.make_node("Relu", ["x"], ["y"])])) is None
    assert incomplete(either(branch("x"), branch("x", gives="x"))) is None
    assert incomplete(model([helper.make_node("f", ["x"], ["y"], domain="own")], [function("a")])) is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (model([helper.make_node("Relu", ["z"], ["y"])]), "nothing gives the value 'z'"),
        (model([helper.make_node("Relu", ["x"], ["z"])]), "nothing gives its output 'y'"),
        (either(branch("x"), branch("z")), "nothing gives the value 'z'"),
        (either(branch("x", gives="z"), branch("x")), "nothing gives its output 'z'"),
        (model([helper.make_node("f", ["x"], ["y"], domain="own")], [function("z")]), "in the function 'f'"),
    ],
)
def test_a_value_without_a_source_is_named_wherever_it_is_read(given, said):
    assert said in incomplete(given)


@pytest.mark.parametrize("text", [b"Relu", b"domain-of-it"])
def test_text_that_is_not_utf8_is_named(text):
    given = model([helper.make_node("Relu", ["x"], ["y"], domain="domain-of-it")])
    assert garbled(given) is None
    content = given.SerializeToString().replace(text, b"\xff" * len(text))
    assert garbled(type(given).FromString(content)) in ("NodeProto.op_type", "NodeProto.domain")
