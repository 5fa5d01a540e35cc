import numpy as np
import onnx_ir as ir
import pytest

from edgecompress.errors import InputError
from edgecompress.formats.tflite.graph import Tensor
from edgecompress.formats.tflite.lowering import views
from edgecompress.formats.tflite.lowering.context import Lowering, Value, image_view
from edgecompress.formats.tflite.lowering.views import View


def _codes(lowering):
    return [operator.code for operator in lowering.graph.operators]


@pytest.mark.parametrize(
    ("shape", "codes"),
    [((1, 3, 4, 5), ["TRANSPOSE", "RESHAPE"]), ((1, 3, 1, 1), ["RESHAPE"]), ((1, 1, 4, 5), ["RESHAPE"])],
)
def test_a_flattened_map_is_transposed_only_where_the_order_differs_and_once(shape, codes):
    lowering = Lowering(opset=20)
    view = image_view(shape)
    features = shape[1] * shape[2] * shape[3]
    value = Value(Tensor("x", view.shape), (1, features), view)
    flat = lowering.plain(value, "x")
    assert flat.shape == (1, features)
    assert _codes(lowering) == codes
    assert lowering.plain(value, "again") is flat


def test_a_series_is_used_as_the_image_that_it_is_held_as():
    lowering = Lowering(opset=20)
    view = image_view((1, 3, 9))
    value = Value(Tensor("x", view.shape), (1, 3, 9), view)
    assert lowering.image(value, "x") is value.tensor
    assert lowering.by_axes(value, "x") == (value, (0, 3, 2))
    assert lowering.ordered(value, "x", 1).tensor.shape == (1, 9, 3)
    assert _codes(lowering) == ["RESHAPE"]


def test_more_axes_than_runtimes_transpose_are_refused():
    lowering = Lowering(opset=20)
    shape = (2,) * 7
    value = Value(Tensor("x", shape), shape, View(shape, tuple(reversed(range(7)))))
    with pytest.raises(InputError, match="transposed in 7 axes, and runtimes have 6"):
        lowering.arranged(value, views.plain(shape), "x")


def _product(matrix):
    weight = ir.Value(name="w", const_value=ir.tensor(matrix, name="w"))
    return ir.node("MatMul", [ir.Value(name="x"), weight])


def test_a_weight_is_the_models_own_array_which_nobody_can_change():
    matrix = np.eye(3, dtype=np.float32)
    weight = Lowering(opset=20).weight(_product(matrix), 1)
    assert np.shares_memory(weight, matrix)
    with pytest.raises(ValueError, match="read-only"):
        weight[0, 0] = 5
    matrix[0, 0] = 7  # the model's still can be


def test_a_weight_with_negative_zeros_is_a_copy_without_them():
    matrix = np.array([[1, -0.0], [0.0, -2]], np.float32)
    weight = Lowering(opset=20).weight(_product(matrix), 1)
    assert not np.signbit(weight[0, 1])
    assert np.array_equal(weight, matrix)
    assert np.signbit(matrix[0, 1])
