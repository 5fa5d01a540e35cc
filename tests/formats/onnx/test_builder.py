import numpy as np
import onnx
import onnx_ir as ir
import pytest

from edgecompress.formats.onnx.builder import LABEL, Builder, NameScope


def scope(taken=()):
    return NameScope(set(taken), 18)


def test_names_are_short_new_and_never_given_twice():
    made = scope({"1", "c"})
    names = [made.name() for _ in range(70)]
    assert len(set(names)) == 70
    assert not {"1", "c"} & set(names)
    assert max(map(len, names)) == 2


def test_a_fork_gives_the_same_names_and_leaves_no_trace():
    made = scope()
    first = Builder(made).integers(3)
    fork = made.fork()
    assert Builder(fork).integers(3) is first
    Builder(fork).integers(1, 2)
    assert len(made.constants) == 1
    assert made.fork().name() == made.name()


def test_equal_constants_are_one_initialiser_and_types_are_kept_apart():
    made = scope()
    one, two = Builder(made), Builder(made)
    first = one.integers(7)
    assert two.integers(7) is first
    assert two.constant(np.array([7], np.int32)) is not first
    assert two.constant(np.array(7, np.int64)) is not first
    assert (len(one.initializers), len(two.initializers)) == (1, 2)


def test_stored_arrays_are_never_shared():
    build = Builder(scope())
    assert build.stored(np.arange(3)) is not build.stored(np.arange(3))


@pytest.mark.parametrize(
    ("decode", "expected"),
    [
        (lambda build: build.range(5, 4, -3), [5, 2, -1, -4]),
        (lambda build: build.zeros(3), [0, 0, 0]),
        (lambda build: build.slice(build.range(0, 9, 1), 2), [0, 1]),
        (lambda build: build.running_sum(build.range(1, 4, 1)), [1, 3, 6, 10]),
        (lambda build: build.runs(6, [0, 2, 5], [7, -3, 1]), [7, 7, 4, 4, 4, 5]),
        (lambda build: build.repeat_last(build.range(0, 3, 1), 2), [0, 1, 2, 2, 2]),
        (lambda build: build.concat(build.split(build.range(0, 7, 1), [2, 0, 4, 1])[::-1]), [6, 2, 3, 4, 5, 0, 1]),
        (lambda build: build.compress(build.range(0, 4, 1), build.constant(np.array([1, 0, 0, 1], bool)), 2), [0, 3]),
    ],
    ids=["range", "zeros", "slice", "running sum", "runs", "repeat last", "split and concat", "compress"],
)
@pytest.mark.parametrize("opset", [13, 18, 21])
def test_operators_give_int32_vectors(evaluate, decode, expected, opset):
    found = evaluate(decode, opset)
    assert (found.tolist(), found.dtype) == (expected, np.int32)


def test_one_piece_needs_no_node():
    build = Builder(scope())
    value = build.stored(np.arange(4, dtype=np.int32))
    assert build.split(value, [0, 4, 0]) == [value]
    assert build.concat([value]) is value
    assert not build.nodes


def test_zeros_of_a_length_are_made_once():
    build = Builder(scope())
    assert build.zeros(5) is build.zeros(5)
    assert build.zeros(6) is not build.zeros(5)


def test_byte_size_is_what_the_graph_grows_by():
    build = Builder(scope())
    numbers = build.cast(build.stored(np.arange(200, dtype=np.uint8)), ir.DataType.INT32)
    chosen = build.op("Less", numbers, build.constant(np.array(100, np.int32)))
    build.finish(build.op("Reshape", build.compress(numbers, chosen, 100), build.integers(10, 10)), "weight", "rice3")
    graph = ir.Graph([], [], nodes=build.nodes, initializers=build.initializers, opset_imports={"": 18})
    proto = ir.to_proto(graph)
    assert [value.name for value in proto.value_info] == [str(build.nodes[2].outputs[0].name)]
    assert build.byte_size() == proto.ByteSize()


def test_the_last_node_carries_name_and_label():
    build = Builder(scope())
    build.finish(build.op("Neg", build.op("Neg", build.integers(1))), "conv.weight", "rice3+packed5")
    node = onnx.NodeProto.FromString(ir.to_proto(build.nodes[-1]).SerializeToString())
    assert list(node.output) == ["conv.weight"]
    assert {entry.key: entry.value for entry in node.metadata_props} == {LABEL: "rice3+packed5"}
