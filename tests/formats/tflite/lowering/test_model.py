import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


def _weight(*shape):
    return np.random.default_rng(3).normal(0, 0.3, shape).astype(np.float32)


def test_inputs_and_outputs_keep_order_and_names_and_are_channels_last(agree, onnx_model):
    nodes = [
        helper.make_node("Relu", ["image"], ["map"]),
        helper.make_node("Relu", ["series"], ["track"]),
        helper.make_node("Softmax", ["features"], ["scores"]),
    ]
    inputs = {"series": ("n", 3, 9), "features": ("n", 7), "image": ("n", 3, 4, 5)}
    model = onnx_model(nodes, inputs, outputs=("scores", "map", "track"))
    agree(model)
    graph = lower(ir.from_proto(model))
    assert [(t.name, t.shape) for t in graph.inputs] == [
        ("series", (1, 9, 3)),
        ("features", (1, 7)),
        ("image", (1, 4, 5, 3)),
    ]
    assert [(t.name, t.shape) for t in graph.outputs] == [
        ("scores", (1, 7)),
        ("map", (1, 4, 5, 3)),
        ("track", (1, 9, 3)),
    ]


def test_one_value_under_two_output_names_and_an_output_in_the_middle(agree, onnx_model):
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Identity", ["a"], ["b"]),
        helper.make_node("Flatten", ["a"], ["f"]),
        helper.make_node("Gemm", ["f", "w"], ["y"], transB=1),
        helper.make_node("Identity", ["x"], ["same"]),
    ]
    outputs = ("a", "b", "f", "y", "same")
    agree(onnx_model(nodes, {"x": (1, 3, 4, 5)}, {"w": _weight(6, 60)}, outputs=outputs))


def test_constants_may_be_constant_nodes(agree, onnx_model):
    weight = helper.make_node("Constant", [], ["w"], value=onnx.numpy_helper.from_array(_weight(13, 7)))
    model = onnx_model([weight, helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": (1, 13)})
    assert agree(model) == ["FULLY_CONNECTED"]


def test_initialisers_listed_as_inputs_as_old_files_do_are_constants(agree, onnx_model):
    model = onnx_model([helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": (1, 13)}, {"w": _weight(13, 7)})
    graph = lower(ir.from_proto(model))
    model.graph.input.append(helper.make_tensor_value_info("w", onnx.TensorProto.FLOAT, [13, 7]))
    assert [t.name for t in lower(ir.from_proto(model)).inputs] == [t.name for t in graph.inputs] == ["x"]


def test_the_model_is_not_changed(onnx_model):
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("Relu", ["c"], ["y"])]
    model = ir.from_proto(onnx_model(nodes, {"x": ("n", 3, 8, 8)}, {"w": _weight(4, 3, 3, 3)}))
    before = ir.to_proto(model).SerializeToString()
    lower(model)
    assert ir.to_proto(model).SerializeToString() == before


def test_all_unsupported_operators_are_named_with_the_supported_ones_and_the_way_out(onnx_model):
    nodes = [helper.make_node("Det", ["x"], ["s"]), helper.make_node("Own", ["s"], ["y"], domain="org.example")]
    model = ir.from_proto(onnx_model(nodes, {"x": (1, 3, 8, 8)}))
    message = (
        r"cannot write Det, org.example::Own to TFLite; supported .* Conv, .*Relu.*litert-torch.*edgecompress pack"
    )
    with pytest.raises(InputError, match=message):
        lower(model)


@pytest.mark.parametrize("shape", [(1, 3, "h", 8), ("n", "m"), ()])
def test_inputs_without_a_tflite_form_are_refused(onnx_model, shape):
    model = ir.from_proto(onnx_model([helper.make_node("Relu", ["x"], ["y"])], {"x": shape}))
    with pytest.raises(InputError, match=r"input 'x' has the shape .*fixed but for the batch"):
        lower(model)


def test_a_free_batch_is_one_or_what_is_asked_for_and_a_fixed_one_stays(onnx_model):
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("Gemm", ["f", "w"], ["y"])]
    free = ir.from_proto(onnx_model(nodes, {"x": ("n", 3, 4, 5)}, {"w": _weight(60, 2)}))
    fixed = ir.from_proto(onnx_model(nodes, {"x": (8, 3, 4, 5)}, {"w": _weight(60, 2)}))
    for graph, size in ((lower(free), 1), (lower(free, batch=4), 4), (lower(fixed), 8), (lower(fixed, batch=4), 8)):
        assert [tensor.shape for tensor in graph.inputs] == [(size, 4, 5, 3)]
        assert [tensor.shape for tensor in graph.outputs] == [(size, 2)]


def test_a_batch_of_several_computes_what_onnxruntime_does(agree, onnx_model):
    nodes = [
        helper.make_node("Conv", ["x", "f"], ["c"]),
        helper.make_node("Flatten", ["c"], ["p"]),
        helper.make_node("Gemm", ["p", "w"], ["y"]),
    ]
    agree(onnx_model(nodes, {"x": (4, 3, 4, 5)}, {"f": _weight(2, 3, 3, 3), "w": _weight(12, 5)}))


def test_float16_inputs_and_weights_are_refused(onnx_model):
    model = onnx_model([helper.make_node("Relu", ["x"], ["y"])], {"x": (1, 3)})
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    with pytest.raises(InputError, match="only float32, int32, int64 and bool"):
        lower(ir.from_proto(model))
    weight = _weight(13, 7).astype(np.float16)
    model = onnx_model([helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": (1, 13)}, {"w": weight})
    with pytest.raises(InputError, match="constant 'w' is float16"):
        lower(ir.from_proto(model))


def test_an_output_that_is_a_constant_is_refused(onnx_model):
    model = onnx_model([helper.make_node("Relu", ["x"], ["y"])], {"x": (1, 3)}, {"c": _weight(3)}, outputs=("y", "c"))
    with pytest.raises(InputError, match="output 'c' is not computed"):
        lower(ir.from_proto(model))
