"""A convolution, and a matrix that is read twice, of which pruning has left channels with nothing but a bias."""

from importlib import import_module

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.export.verify import outputs
from edgecompress.formats.onnx.int8.quantize import quantized
from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.tflite.int8.quantize import write_int8
from edgecompress.int8.empty_channels import bias_steps, scales_for_empty

EMPTY = [1, 4]
OUTPUTS = [1, 4, 7, 10, 13, 16]  # of those channels
BIAS = np.array([0.3, -0.83, 0.1, -0.2, 0.47, 0.05], np.float32)


def network():
    """A 1x1 convolution, its mean over the map, and a matrix twice; the three are the outputs."""
    generator = np.random.default_rng(0)
    convolution, matrix = generator.normal(size=(6, 3, 1, 1)) * 0.1, generator.normal(size=(6, 6)) * 0.3
    convolution[EMPTY] = 0
    matrix[EMPTY] = 0
    arrays = {"convolution": convolution, "bias": BIAS, "matrix": matrix, "offset": BIAS[::-1]}
    nodes = [
        helper.make_node("Conv", ["x", "convolution", "bias"], ["a"]),
        helper.make_node("GlobalAveragePool", ["a"], ["b"]),
        helper.make_node("Flatten", ["b"], ["c"]),
        helper.make_node("Gemm", ["c", "matrix", "offset"], ["d"], transB=1),
        helper.make_node("Gemm", ["d", "matrix", "offset"], ["e"], transB=1),
        helper.make_node("Concat", ["c", "d", "e"], ["y"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "pruned",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 4, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 18])],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in arrays.items()],
    )
    return ir.from_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8))


@pytest.fixture(scope="module")
def x():
    return (20 * np.random.default_rng(5).normal(size=(32, 3, 4, 4))).astype(np.float32)


@pytest.mark.parametrize("format_", ["onnx", "tflite"])
def test_a_channel_without_weights_is_its_bias_in_the_runtime(format_, x, run, tmp_path, monkeypatch):
    write_onnx(network(), tmp_path / "float.onnx", compress=False)
    expected = run(str(tmp_path / "float.onnx"), x)

    def off():
        path = tmp_path / f"int8.{format_}"
        if format_ == "onnx":
            write_onnx(quantized(network(), x), path, compress=False)
            said = outputs(path, x)[0]
        else:
            write_int8(network(), path, x)
            said = outputs(path, x, layout="channels_last")[0]
        difference = np.abs(said - expected).max(axis=0)
        return difference[OUTPUTS].max(), difference.max()

    of_empty, of_all = off()
    assert 0 < of_all < 0.1
    assert of_empty < 0.05
    module = import_module(f"edgecompress.formats.{format_}.int8.quantize")
    monkeypatch.setattr(module, "scales_for_empty", lambda *_: None)
    assert off()[0] > 0.15  # what the quantiser does by itself; once it does better, this module can go


def test_an_empty_channel_gets_a_scale_of_which_its_bias_is_many_steps_along_any_axis():
    integers = np.array([[1, 0, 2], [3, 0, -4]], np.int8)
    scales, bias = np.array([0.5, 7, 0.25], np.float32), np.array([9, -2, 9], np.float32)
    expected = [0.5, 2 / (0.1 * 2**15), 0.25]
    assert np.allclose(scales_for_empty(integers, scales, 1, 0.1, bias), expected)
    assert np.allclose(scales_for_empty(integers, scales, -1, 0.1, bias), expected)
    assert np.allclose(scales_for_empty(integers.T.copy(), scales, 0, 0.1, bias), expected)
    assert scales_for_empty(integers, scales, 1, 0.1, 0 * bias)[1] == 0.25 / 2**12


@pytest.mark.parametrize(
    ("integers", "scales"),
    [
        (np.ones((2, 3), np.int8), np.ones(2, np.float32)),
        (np.zeros((2, 3), np.int8), np.ones(2, np.float32)),
        (np.array([[0, 0], [1, 1]], np.int8), np.ones(1, np.float32)),
    ],
    ids=["no channel is empty", "all are", "one scale for all"],
)
def test_scales_that_nothing_is_to_be_done_about(integers, scales):
    assert scales_for_empty(integers, scales, 0, 0.1, np.ones(2, np.float32)) is None


def test_a_bias_beyond_int32_is_cut_and_does_not_change_its_sign():
    steps = bias_steps(np.array([1, -1, 0.26], np.float32), np.array([1e-12, 1e-12, 0.1], np.float32))
    assert steps.tolist() == [2**31 - 1, -(2**31), 3]
