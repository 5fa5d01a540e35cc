"""What the new operators read decoded is what a plain constant would be: no form that a runtime misreads is chosen."""

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper

from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.network import _forms
from edgecompress.formats.tflite.writer import serialize


def _sparse(*shape):
    random = np.random.default_rng(3)
    return (random.normal(0, 0.3, shape) * (random.random(shape) < 0.1)).astype(np.float32)


RECURRENT = {"w": _sparse(1, 256, 64), "r": _sparse(1, 256, 64), "b": np.zeros((1, 512), np.float32)}
LAYERS = {
    **{
        f"matrix after {rank} axes": (
            [helper.make_node("MatMul", ["x", "w"], ["y"])],
            (*(2,) * (rank - 1), 64),
            {"w": _sparse(64, 96)},
        )
        for rank in (1, 2, 3, 4, 5)
    },
    "batched matrix": ([helper.make_node("MatMul", ["x", "w"], ["y"])], (3, 2, 64), {"w": _sparse(3, 64, 64)}),
    "transposed, same": (
        [helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2])],
        (1, 32, 4, 5),
        {"w": _sparse(32, 32, 2, 2)},
    ),
    "transposed, cut": (
        [helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2], pads=[1, 1, 1, 1])],
        (1, 32, 4, 5),
        {"w": _sparse(32, 32, 3, 3)},
    ),
    "transposed and relu": (
        [helper.make_node("ConvTranspose", ["x", "w"], ["c"]), helper.make_node("Relu", ["c"], ["y"])],
        (1, 32, 4, 5),
        {"w": _sparse(32, 32, 3, 3)},
    ),
    "lstm": ([helper.make_node("LSTM", ["x", "w", "r", "b"], ["y"], hidden_size=64)], (7, 2, 64), RECURRENT),
    "slopes": ([helper.make_node("PRelu", ["x", "w"], ["y"])], (1, 512, 2, 2), {"w": np.abs(_sparse(512, 1, 1))}),
    "convolution in groups": (
        [helper.make_node("Conv", ["x", "w"], ["y"], group=2)],
        (1, 64, 6, 6),
        {"w": _sparse(64, 32, 3, 3)},
    ),
}


@pytest.mark.parametrize("name", [*LAYERS, "table"])
@pytest.mark.parametrize("weights", ["float32", "float16", "int8"])
def test_a_decoded_weight_computes_what_its_values_do(litert, tmp_path, onnx_model, name, weights):
    if name == "table":
        model = onnx_model([helper.make_node("Gather", ["w", "x"], ["y"])], {"x": (1, 9)}, {"w": _sparse(128, 64)})
        model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT32
        x = np.arange(9, dtype=np.int32)[np.newaxis] * 13
    else:
        nodes, shape, constants = LAYERS[name]
        model = onnx_model(nodes, {"x": shape}, constants)
        x = np.random.default_rng(1).normal(0, 1, shape).astype(np.float32)
        x = np.ascontiguousarray(np.moveaxis(x, 1, -1)) if x.ndim > 2 else x
    graph = lower(ir.from_proto(model))
    forms = _forms(graph, "smallest", weights)
    assert forms
    assert all(stored.encoding != "float32" for stored in forms.values())
    found = litert.run(tmp_path, serialize(graph, forms), {"x": x})["y"]
    for tensor, stored in forms.items():
        tensor.data = stored.decoded()
    expected = litert.run(tmp_path, serialize(graph, {}), {"x": x})["y"]
    np.testing.assert_array_equal(found, expected)
    assert np.ptp(expected) > 0
