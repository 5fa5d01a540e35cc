import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import TensorProto, helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.writer import serialize


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize(
    ("places", "code"),
    [([1, 0, 1], "GATHER"), ([0, 1], "SLICE"), (1, "SLICE"), (-1, "SLICE"), ([[1, 0], [0, 0]], "GATHER")],
)
def test_constant_places_of_any_axis(agree, onnx_model, axis, places, code):
    node = helper.make_node("Gather", ["x", "i"], ["y"], axis=axis)
    codes = agree(onnx_model([node], {"x": (2, 3, 4, 5)}, {"i": np.array(places, np.int64)}))
    assert code in codes or (axis, places) == (0, [0, 1]), "all of an axis is not cut"


@pytest.mark.parametrize("kind", [np.int32, np.int64])
@pytest.mark.parametrize("constant", [True, False])
def test_computed_places_of_a_table_or_a_value(litert, tmp_path, onnx_model, kind, constant):
    table = np.random.default_rng(3).normal(0, 1, (7, 5)).astype(np.float32)
    node = helper.make_node("Gather", ["t", "i"], ["y"])
    model = onnx_model([node], {"i": (1, 4)} | ({} if constant else {"t": (7, 5)}), {"t": table} if constant else {})
    model.graph.input[0].type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    inputs = {"i": np.array([[3, -1, 0, 6]], kind)} | ({} if constant else {"t": table})
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    graph = lower(ir.from_proto(model))
    found = litert.run(tmp_path, serialize(graph, {}), inputs)["y"]
    expected = np.ascontiguousarray(np.moveaxis(session.run(None, inputs)[0], 1, -1))
    np.testing.assert_array_equal(found, expected)
    assert any(tensor.compressible for tensor, _ in graph.constants()) == constant


def test_a_place_that_is_not_there_is_refused(onnx_model):
    node = helper.make_node("Gather", ["x", "i"], ["y"], name="n", axis=1)
    model: onnx.ModelProto = onnx_model([node], {"x": (1, 3)}, {"i": np.array([3], np.int64)})
    assert model.graph.input[0].type.tensor_type.elem_type == TensorProto.FLOAT
    with pytest.raises(InputError, match="cannot write Gather 'n' to TFLite: its places are not in axis 1"):
        lower(ir.from_proto(model))
