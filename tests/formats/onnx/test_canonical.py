import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.errors import InputError
from edgecompress.formats.onnx.decoded import decoded_weights, inspect_onnx
from edgecompress.formats.onnx.pack import pack_onnx
from edgecompress.formats.onnx.read import read_lean

FLOAT = TensorProto.FLOAT


def sparse(*shape, seed=0):
    random = np.random.default_rng(seed)
    return np.where(random.random(shape) < 0.1, random.choice(np.float32([0.5, -1, 2]), shape), np.float32(0))


def value(name, *shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def save(path, nodes, arrays=(), *, inputs=None, functions=(), domains=(("", 17),), ir_version=8):
    weights = [numpy_helper.from_array(array, name) for name, array in dict(arrays).items()]
    graph = helper.make_graph(nodes, "g", inputs or [value("x", 1, 64)], [value("y", 1, None)], weights)
    opsets = [helper.make_opsetid(*each) for each in domains]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=ir_version, functions=list(functions)), path)
    return path


def outputs(path, **given):
    given = {"x": np.random.default_rng(1).normal(size=(1, 64)).astype(np.float32)} | given
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, given)


def same_and_smaller(source, tmp_path, times, **given):
    packed = tmp_path / "packed.onnx"
    written = pack_onnx(source, packed)
    assert written.proof.words == "proved"
    assert written.ledger.file_bytes * times < source.stat().st_size
    assert all(np.allclose(a, b) for a, b in zip(outputs(source, **given), outputs(packed, **given), strict=True))
    assert decoded_weights(source).keys() <= decoded_weights(packed).keys()


def matmul(weight, to, *, of="x"):
    return helper.make_node("MatMul", [of, weight], [to])


def constant(name, array):
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array))


def branch(name, array, *, as_constant=False, gives_it=False):
    """A body that multiplies by its own weight "w", or gives that weight."""
    node = [constant("w", array)] if as_constant else []
    held = [] if as_constant else [numpy_helper.from_array(array, "w")]
    nodes, out = (node, "w") if gives_it else ([*node, matmul("w", f"{name} y")], f"{name} y")
    return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(out, FLOAT, None)], held)


@pytest.mark.parametrize("as_constant", [False, True])
@pytest.mark.parametrize("gives_it", [False, True])
def test_weights_of_branches_get_smaller_also_where_both_have_one_name(tmp_path, as_constant, gives_it):
    then, other = (
        branch(name, sparse(64, 300, seed=seed), as_constant=as_constant, gives_it=gives_it)
        for seed, name in enumerate(("then", "else"))
    )
    picked = helper.make_node("If", ["c"], ["k" if gives_it else "y"], then_branch=then, else_branch=other)
    nodes = [picked, *([matmul("k", "y")] if gives_it else [])]
    source = save(tmp_path / "m.onnx", nodes, inputs=[value("x", 1, 64), value("c", kind=TensorProto.BOOL)])
    for chosen in (True, False):
        same_and_smaller(source, tmp_path, 10, c=np.array(chosen))
    assert {entry.elements for entry in inspect_onnx(source).tensors} == {64 * 300}


def test_weights_of_a_loop_in_a_branch_and_of_a_scan(tmp_path):
    step = [constant("w", sparse(64, 64)), matmul("w", "next", of="now"), helper.make_node("Identity", ["go"], ["on"])]
    inputs = [value("i", kind=TensorProto.INT64), value("go", kind=TensorProto.BOOL), value("now", 1, 64)]
    results = [value("on", kind=TensorProto.BOOL), value("next", 1, 64)]
    loop = helper.make_node("Loop", ["three", "", "x"], ["then y"], body=helper.make_graph(step, "l", inputs, results))
    then = helper.make_graph(
        [helper.make_node("Constant", [], ["three"], value_int=3), loop], "then", [], [value("then y", 1, 64)]
    )
    scanned = helper.make_graph(
        [matmul("w", "r", of="row"), helper.make_node("Identity", ["state"], ["kept"])],
        "s",
        [value("state", 1), value("row", 64)],
        [value("kept", 1), value("r", 64)],
        [numpy_helper.from_array(sparse(64, 64, seed=5), "w")],
    )
    other = helper.make_graph(
        [
            constant("zero", np.zeros(1, np.float32)),
            helper.make_node("Scan", ["zero", "x"], ["state y", "else y"], body=scanned, num_scan_inputs=1),
        ],
        "else",
        [],
        [value("else y", 1, 64)],
    )
    node = helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)
    source = save(tmp_path / "m.onnx", [node], inputs=[value("x", 1, 64), value("c", kind=TensorProto.BOOL)])
    for chosen in (True, False):
        same_and_smaller(source, tmp_path, 8, c=np.array(chosen))


def test_weights_of_a_function(tmp_path):
    domains = [helper.make_opsetid("", 17)]
    layer = helper.make_function(
        "own", "Layer", ["a"], ["b"], [constant("w", sparse(64, 64)), matmul("w", "b", of="a")], domains
    )
    nodes = [helper.make_node("Layer", [of], [to], domain="own") for of, to in (("x", "t"), ("t", "y"))]
    source = save(tmp_path / "m.onnx", nodes, functions=[layer], domains=[("", 17), ("own", 1)])
    same_and_smaller(source, tmp_path, 4)


@pytest.mark.parametrize("node_domain", ["", "ai.onnx"])
def test_the_default_domain_by_its_name_and_nodes_in_any_order(tmp_path, node_domain):
    nodes = [
        helper.make_node("Relu", ["c"], ["y"], domain=node_domain),
        helper.make_node("Add", ["a", "b"], ["c"]),
        matmul("w", "a"),
        matmul("v", "b"),
        helper.make_node("Transpose", ["u"], ["v"], domain=node_domain),
    ]
    arrays = {"w": sparse(64, 300), "u": sparse(300, 64)}
    source = save(tmp_path / "m.onnx", nodes, arrays, domains=[("ai.onnx", 17)])
    same_and_smaller(source, tmp_path, 10)


def test_a_cycle_is_said_in_one_line(tmp_path):
    nodes = [helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Add", ["a", "x"], ["b"]), matmul("w", "y")]
    source = save(tmp_path / "m.onnx", nodes, {"w": sparse(64, 3)})
    with pytest.raises(InputError, match="nothing gives the value"):
        read_lean(source)


@pytest.mark.parametrize(("ir_version", "as_input"), [(3, True), (8, True), (8, False)])
def test_initialisers_that_are_inputs_too_are_weights(tmp_path, ir_version, as_input):
    inputs = [value("x", 1, 64), *([value("w", 64, 300)] if as_input else [])]
    source = save(
        tmp_path / "m.onnx",
        [matmul("w", "y")],
        {"w": sparse(64, 300)},
        inputs=inputs,
        ir_version=ir_version,
        domains=[("", 8)],
    )
    (entry,) = inspect_onnx(source).tensors
    assert (entry.name, entry.elements, entry.encoding) == ("w", 64 * 300, "raw")


def test_a_model_of_another_domain_alone_is_read(tmp_path):
    node = helper.make_node("Scaler", ["x"], ["y"], domain="ai.onnx.ml", offset=[0.0], scale=[2.0])
    source = save(tmp_path / "m.onnx", [node], domains=[("ai.onnx.ml", 1)])
    assert inspect_onnx(source).tensors == ()
    assert pack_onnx(source, tmp_path / "packed.onnx").proof is None
    assert (tmp_path / "packed.onnx").read_bytes() == source.read_bytes()
