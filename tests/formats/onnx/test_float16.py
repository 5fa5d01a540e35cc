import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.errors import InputError
from edgecompress.formats.onnx.decoded import decoded_weights
from edgecompress.formats.onnx.float16 import halved
from edgecompress.formats.onnx.network import write_onnx as write


def model_of(nodes, arrays, shape=("n", 2, 4, 4), outputs=("y",)):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return ir.from_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8))


def test_a_graph_computes_in_float16_between_casts_and_its_palettes_stay(network, weights, samples, run, tmp_path):
    source, made = tmp_path / "source.onnx", tmp_path / "half.onnx"
    write(network(), source, compress=True)
    write(halved(network()), made, compress=True)
    onnx.checker.check_model(str(made), full_check=True)
    assert made.stat().st_size < 1.05 * source.stat().st_size
    expected, produced = run(str(source), samples), run(str(made), samples)
    assert produced.dtype == np.float32
    assert 0 < np.abs(produced - expected).max() < 2e-2 * np.abs(expected).max()
    found = decoded_weights(made)
    for name, array in weights.items():
        assert found[name].dtype == np.float16
        assert np.array_equal(found[name] == 0, array == 0), name
        assert np.array_equal(found[name], array.astype(np.float16)), name


def test_the_graph_that_is_given_stays_as_it_is():
    from edgecompress.sources.load import seeded
    from edgecompress.sources.to_onnx import to_onnx

    graph = to_onnx(seeded("mobilenet-v3-small", (3, 32, 32), 10, width=0.25), (3, 32, 32))
    before = ir.to_proto(graph).SerializeToString()
    made = ir.to_proto(halved(graph)).SerializeToString()
    assert ir.to_proto(graph).SerializeToString() == before
    onnx.checker.check_model(made, full_check=True)
    x = np.random.default_rng(0).standard_normal((2, 3, 32, 32)).astype(np.float32)
    sessions = [onnxruntime.InferenceSession(each, providers=["CPUExecutionProvider"]) for each in (before, made)]
    expected, produced = (each.run(None, {each.get_inputs()[0].name: x})[0] for each in sessions)
    assert 0 < np.abs(produced - expected).max() < 2e-2 * np.abs(expected).max()


def test_what_an_operator_reads_as_float32_by_its_definition_stays(run, tmp_path):
    nodes = [
        helper.make_node("Resize", ["x", "", "scales"], ["a"], mode="nearest"),
        helper.make_node("Clip", ["a", "low", "high"], ["b"]),
        helper.make_node("Mul", ["b", "tiny"], ["c"]),
        helper.make_node("Shape", ["c"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["ones"], value=numpy_helper.from_array(np.ones(1, np.float32))),
        helper.make_node("Add", ["c", "ones"], ["y"]),
    ]
    arrays = {
        "scales": np.array([1, 1, 2, 2], np.float32),
        "low": np.array(0, np.float32),
        "high": np.array(6, np.float32),
        "tiny": np.array([1e-9, -1e-9], np.float32).reshape(2, 1, 1),
    }
    model = model_of(nodes, arrays, outputs=("y", "b"))
    made = halved(model)
    assert made.graph.initializers["scales"].const_value.dtype == ir.DataType.FLOAT
    # The smallest float16, not zero: zeros stay those of the network.
    assert made.graph.initializers["tiny"].const_value.numpy().ravel().tolist() == [2**-24, -(2**-24)]
    write(made, tmp_path / "m.onnx", compress=False)
    x = np.linspace(-9, 9, 32, dtype=np.float32).reshape(1, 2, 4, 4)
    expected = np.ones((1, 2, 8, 8)) + np.clip(x, 0, 6).repeat(2, 2).repeat(2, 3) * arrays["tiny"]
    assert np.allclose(run(str(tmp_path / "m.onnx"), x), expected, atol=1e-3)


def test_a_weight_that_several_operators_read_is_stored_once_and_the_given_one_keeps_its_name():
    nodes = [
        helper.make_node("Mul", ["x", "w"], ["a"]),
        helper.make_node("Add", ["a", "w"], ["b"]),
        helper.make_node("Resize", ["b", "", "scales"], ["c"], mode="nearest"),
        helper.make_node("Add", ["c", "scales"], ["y"]),
    ]
    model = model_of(nodes, {"w": np.full(1, 3, np.float32), "scales": np.array([1, 1, 1, 1], np.float32)})
    given = [tensor.const_value.name for tensor in model.graph.initializers.values()]
    made = halved(model)
    kinds = {name: value.const_value.dtype.name for name, value in made.graph.initializers.items()}
    assert kinds == {"w": "FLOAT16", "scales": "FLOAT", "scales/float16": "FLOAT16"}
    assert [tensor.const_value.name for tensor in model.graph.initializers.values()] == given
    x = np.ones((1, 2, 4, 4), np.float32)
    session = onnxruntime.InferenceSession(ir.to_proto(made).SerializeToString(), providers=["CPUExecutionProvider"])
    assert (session.run(None, {"x": x})[0] == 7).all()


def test_an_output_that_was_float16_stays_that():
    graph = helper.make_graph(
        [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT16), helper.make_node("Neg", ["x"], ["z"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (2,))],
        [
            helper.make_tensor_value_info("y", TensorProto.FLOAT16, (2,)),
            helper.make_tensor_value_info("z", TensorProto.FLOAT, (2,)),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    made = ir.to_proto(halved(ir.from_proto(model)))
    onnx.checker.check_model(made, full_check=True)
    assert [each.type.tensor_type.elem_type for each in made.graph.output] == [TensorProto.FLOAT16, TensorProto.FLOAT]


@pytest.mark.parametrize(
    "nodes",
    [
        # Computed scales, which are float32 by Resize's definition.
        [
            helper.make_node("Reshape", ["x", "shape"], ["scales"]),
            helper.make_node("Resize", ["w", "", "scales"], ["y"], mode="nearest"),
        ],
        [helper.make_node("EyeLike", ["w"], ["e"], dtype=1), helper.make_node("Mul", ["w", "e"], ["y"])],
        [
            helper.make_node("SequenceConstruct", ["x"], ["s"]),
            helper.make_node("ConcatFromSequence", ["s"], ["y"], axis=0),
        ],
    ],
    ids=["Resize", "EyeLike", "SequenceConstruct"],
)
def test_what_is_float32_by_definition_or_a_list_is_refused(nodes, request):
    arrays = {"shape": np.array([4], np.int64), "w": np.ones((4, 4), np.float32)}
    model = ir.to_proto(model_of(nodes, arrays, shape=(2, 2)))
    model = ir.from_proto(onnx.shape_inference.infer_shapes(model))
    with pytest.raises(InputError, match=f"^{request.node.callspec.id} has no float16 form here"):
        halved(model)


@pytest.mark.parametrize(
    ("nodes", "array", "message"),
    [
        ([helper.make_node("Mul", ["x", "w"], ["y"])], np.full(1, 1e6, np.float32), "'w' has numbers beyond float16"),
        (
            [
                helper.make_node("QuantizeLinear", ["x", "w"], ["q"]),
                helper.make_node("DequantizeLinear", ["q", "w"], ["y"]),
            ],
            np.ones((), np.float32),
            "QuantizeLinear has no float16 form here",
        ),
    ],
)
def test_what_has_no_float16_form_is_refused_in_a_line(nodes, array, message):
    with pytest.raises(InputError, match=message):
        halved(model_of(nodes, {"w": array}))
