import numpy as np
import onnx
import onnx_ir
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.sources.onnx_cleanup import clean


def model(nodes, shape, out_shape, **constants) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, out_shape)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return onnx.shape_inference.infer_shapes(made)


def cleaned(before: onnx.ModelProto, x: np.ndarray) -> list[str]:
    """Clean, make sure that the result computes the same, and return its operators."""
    graph = onnx_ir.from_proto(before)
    clean(graph, ())
    after = onnx_ir.to_proto(graph)
    onnx.checker.check_model(after, full_check=True)
    run = lambda proto: onnxruntime.InferenceSession(proto.SerializeToString()).run(["y"], {"x": x})[0]  # noqa: E731
    assert np.allclose(run(before), run(after), atol=1e-6)
    return [node.op_type for node in after.graph.node]


X = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)


@pytest.mark.parametrize("bias", [0.0, 1.0])
def test_only_a_bias_of_zeros_is_dropped(bias):
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], kernel_shape=[1, 1])
    before = model(
        [node], ["n", 3, 4, 5], ["n", 2, 4, 5], w=np.ones((2, 3, 1, 1), np.float32), b=np.full(2, bias, np.float32)
    )
    assert cleaned(before, X) == ["Conv"]
    graph = onnx_ir.from_proto(before)
    clean(graph, ())
    assert ("b" in graph.graph.initializers) == bool(bias)


def test_a_bias_of_zeros_that_is_the_network_s_own_stays():
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], kernel_shape=[1, 1])
    weights = {"w": np.ones((2, 3, 1, 1), np.float32), "b": np.zeros(2, np.float32)}
    graph = onnx_ir.from_proto(model([node], ["n", 3, 4, 5], ["n", 2, 4, 5], **weights))
    clean(graph, {"w", "b"})
    assert set(graph.graph.initializers) == {"w", "b"}


def test_a_mean_over_all_spatial_axes_is_a_global_average_pool():
    node = helper.make_node("ReduceMean", ["x", "a"], ["y"], keepdims=1)
    assert cleaned(model([node], ["n", 3, 4, 5], ["n", 3, 1, 1], a=np.array([-1, -2])), X) == ["GlobalAveragePool"]


@pytest.mark.parametrize(("axes", "keep", "out"), [([-1], 1, [3, 4, 1]), ([2, 3], 0, [3]), ([1, 2, 3], 1, [1, 1, 1])])
def test_any_other_mean_stays(axes, keep, out):
    node = helper.make_node("ReduceMean", ["x", "a"], ["y"], keepdims=keep)
    assert cleaned(model([node], ["n", 3, 4, 5], ["n", *out], a=np.array(axes)), X) == ["ReduceMean"]


def test_the_detour_of_one_dimension_is_taken_out():
    nodes = [
        helper.make_node("Unsqueeze", ["x", "i"], ["u"]),
        helper.make_node("ReduceMean", ["u", "a"], ["m"], keepdims=1),
        helper.make_node("Squeeze", ["m", "i"], ["y"]),
    ]
    before = model(nodes, ["n", 3, 4], ["n", 3, 1], i=np.array([-2]), a=np.array([-1, -2]))
    assert cleaned(before, X[..., 0]) == ["GlobalAveragePool"]


@pytest.mark.parametrize(("added", "out"), [(0, [2, 1, 1]), (1, [2, 1, 1])])
def test_a_detour_over_batch_or_channels_is_another_computation_and_stays(added, out):
    nodes = [
        helper.make_node("Unsqueeze", ["x", "i"], ["u"]),
        helper.make_node("ReduceMean", ["u", "a"], ["m"], keepdims=1),
        helper.make_node("Squeeze", ["m", "i"], ["y"]),
    ]
    before = model(nodes, [2, 3, 4], out, i=np.array([added]), a=np.array([-1, -2]))
    assert cleaned(before, X[..., 0]) == ["Unsqueeze", "ReduceMean", "Squeeze"]


def test_a_reshape_that_keeps_the_batch_is_a_flatten():
    nodes = [
        helper.make_node("Shape", ["x"], ["s"], start=0, end=1),
        helper.make_node("Concat", ["s", "k"], ["t"], axis=0),
        helper.make_node("Reshape", ["x", "t"], ["r"]),
        helper.make_node("Relu", ["r"], ["y"]),
    ]
    before = model(nodes, ["n", 3, 4, 5], ["n", 60], k=np.array([60]))
    before.graph.value_info.append(helper.make_tensor_value_info("r", TensorProto.FLOAT, ["n", 60]))
    assert cleaned(before, X) == ["Flatten", "Relu"]


def test_a_reshape_that_mixes_the_batch_stays():
    node = helper.make_node("Reshape", ["x", "t"], ["y"])
    before = model([node], [2, 3, 4, 5], [4, 30], t=np.array([4, 30]))
    assert cleaned(before, X) == ["Reshape"]


def normed(count=1, **attributes):
    """``count`` normalisations of three channels in a row, with statistics of their own."""
    names = ["x", *(f"some.long.name.{n}" for n in range(1, count)), "y"]
    nodes, constants = [], {}
    for number in range(count):
        parameters = [f"{name}{number}" for name in ("scale", "shift", "mean", "var")]
        inputs, outputs = [names[number], *parameters], [names[number + 1]]
        nodes.append(helper.make_node("BatchNormalization", inputs, outputs, **attributes))
        constants |= {name: np.random.default_rng(number).uniform(0.01, 3, 3).astype(np.float32) for name in parameters}
    return model(nodes, ["n", 3, 4, 5], ["n", 3, 4, 5], **constants)


@pytest.mark.parametrize("epsilon", [1e-5, 1e-3, 0.0])
def test_statistics_go_into_scale_and_shift_and_what_is_left_of_them_is_shared(epsilon):
    before = normed(2, epsilon=epsilon)
    assert cleaned(before, X) == ["BatchNormalization"] * 2
    graph = onnx_ir.from_proto(before)
    clean(graph, ())
    arrays = {name: value.const_value.numpy() for name, value in graph.graph.initializers.items()}
    assert arrays.keys() == {"scale0", "shift0", "scale1", "shift1", "mean3", "var3"}
    assert not arrays["mean3"].any()
    # float32, as a runtime computes it: exactly 1.
    assert np.array_equal(arrays["var3"] + np.float32(epsilon), np.ones(3, np.float32))


def test_parameters_that_two_layers_share_stay():
    before = normed(2)
    before.graph.node[1].input[1:] = before.graph.node[0].input[1:]
    assert cleaned(before, X) == ["BatchNormalization"] * 2
    graph = onnx_ir.from_proto(before)
    clean(graph, ())
    assert set(graph.graph.initializers) == {"scale0", "shift0", "mean0", "var0"}


def test_values_between_operators_get_short_names_that_nothing_else_has():
    before = normed(4)
    before.graph.input[0].name = before.graph.node[0].input[0] = "0"
    graph = onnx_ir.from_proto(before)
    clean(graph, ())
    proto = onnx_ir.to_proto(graph)
    onnx.checker.check_model(proto, full_check=True)
    assert [node.output[0] for node in proto.graph.node] == ["1", "2", "3", "y"]


def test_a_kernel_s_shape_is_the_weight_s():
    node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    before = model([node], ["n", 3, 4, 5], ["n", 2, 4, 5], w=np.ones((2, 3, 3, 3), np.float32))
    assert cleaned(before, X) == ["Conv"]
    graph = onnx_ir.from_proto(before)
    clean(graph, ())
    assert set(graph.graph[0].attributes) == {"pads"}
