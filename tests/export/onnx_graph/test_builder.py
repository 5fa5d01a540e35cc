import numpy as np
import onnx
import onnx_ir as ir

from edgecompress.export.onnx_graph.builder import LABEL, Builder, Scope


def test_names_are_short_new_and_never_given_twice():
    scope = Scope({"1", "c"})
    names = [scope.name() for _ in range(40)]
    assert len(set(names)) == 40
    assert not {"1", "c"} & set(names)
    assert max(map(len, names)) == 2


def test_a_fork_gives_the_same_names_and_leaves_no_trace():
    scope = Scope(set())
    assert scope.fork().name() == scope.name()
    Builder(scope.fork(), {}).integers(1, 2)
    assert not scope.constants


def test_equal_constants_are_one_initialiser_and_types_are_kept_apart():
    scope = Scope(set())
    one, two = Builder(scope, {}), Builder(scope, {})
    first = one.integers(7)
    assert two.integers(7) is first
    assert two.constant(np.array([7], np.int32)) is not first
    assert two.constant(np.array(7, np.int64)) is not first
    assert (len(one.initializers), len(two.initializers)) == (1, 2)


def test_byte_size_is_what_the_graph_grows_by():
    build = Builder(Scope(set()), {"data": np.arange(200, dtype=np.uint8)})
    numbers = build.cast(build.stored("data"), ir.DataType.INT32)
    numbers.type, numbers.shape = ir.TensorType(ir.DataType.INT32), ir.Shape([200])
    build.op("Reshape", numbers, build.integers(10, 20))
    build.finish("weight", "palette")
    graph = ir.Graph([], [], nodes=build.nodes, initializers=build.initializers, opset_imports={"": 18})
    assert build.byte_size() == ir.to_proto(graph).ByteSize()


def test_the_last_node_carries_name_and_label():
    build = Builder(Scope(set()), {})
    build.op("Neg", build.op("Neg", build.integers(1)))
    assert build.finish("conv.weight", "gaps").name == "conv.weight"
    node = onnx.NodeProto.FromString(ir.to_proto(build.nodes[-1]).SerializeToString())
    assert (list(node.output), node.metadata_props[0].key, node.metadata_props[0].value) == (
        ["conv.weight"],
        LABEL,
        "gaps",
    )
