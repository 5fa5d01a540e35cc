import pytest

from edgecompress.export.tflite.graph import Tensor
from edgecompress.export.tflite.lowering.context import Layout, Lowering, Value


@pytest.mark.parametrize(
    ("layout", "shape", "onnx_shape"),
    [
        (Layout.IMAGE, (1, 4, 5, 3), (1, 3, 4, 5)),
        (Layout.SEQUENCE, (1, 1, 9, 3), (1, 3, 9)),
        (Layout.FLAT, (1, 7), (1, 7)),
        (Layout.UNROLLED, (1, 4, 5, 3), (1, 60)),
    ],
)
def test_a_value_knows_its_onnx_shape(layout, shape, onnx_shape):
    assert Value(Tensor("x", shape), layout).onnx_shape == onnx_shape


def test_flat_transposes_only_where_the_order_differs():
    for shape, codes in [
        ((1, 4, 5, 3), ["TRANSPOSE", "RESHAPE"]),
        ((1, 1, 1, 3), ["RESHAPE"]),
        ((1, 4, 5, 1), ["RESHAPE"]),
    ]:
        lowering = Lowering(opset=20)
        flat = lowering.flat(Value(Tensor("x", shape), Layout.UNROLLED), "x")
        assert [operator.code for operator in lowering.graph.operators] == codes
        assert flat.layout is Layout.FLAT
        assert flat.tensor.shape == flat.onnx_shape
