import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from edgecompress.errors import CheckError
from edgecompress.export.verify import (
    Verification,
    bit_identical,
    compare_answers,
    compare_latency,
    compare_outputs,
    verify,
)
from edgecompress.formats.onnx.network import write_onnx as write
from edgecompress.formats.tflite.network import write_tflite

TOLERANCE = {"absolute_tolerance": 1e-4, "relative_tolerance": 1e-4}


@pytest.fixture
def files(network, tmp_path):
    dense, compressed = tmp_path / "dense.onnx", tmp_path / "model.onnx"
    write(network(), dense, compress=False)
    write(network(), compressed, compress=True)
    return dense, compressed


def test_a_right_file_is_proved(files, run, samples, weights, tmp_path):
    dense, compressed = files
    # No limit on latency: this is a machine that others use, and a test must not depend on its mood.
    proof = verify(compressed, samples, run(dense, samples), weights=weights, dense=dense, latency_limit=100)
    assert proof.runtime == "onnxruntime"
    assert proof.identical_weights == len(weights)
    assert (proof.outputs.samples, proof.outputs.argmax_agreement) == (len(samples), 1.0)
    assert proof.outputs.largest_difference < 1e-5
    assert proof.latency.runs >= 50
    assert proof.latency.low <= proof.latency.ratio <= proof.latency.high
    (tmp_path / "proof.json").write_text(proof.to_json())
    assert Verification.from_file(tmp_path / "proof.json") == proof


def test_a_file_with_a_wrong_weight_fails(files, run, samples, network, weights, tmp_path):
    changed = weights["c2.weight"].copy()
    changed[changed != 0] *= np.float32(1.5)
    write(network(**{"c2.weight": changed}), tmp_path / "wrong.onnx", compress=True)
    with pytest.raises(CheckError, match=r"wrong\.onnx: the outputs of 6 of 6 samples differ"):
        verify(tmp_path / "wrong.onnx", samples, run(files[0], samples))


def test_one_changed_bit_in_a_weight_is_found_and_named(files, weights):
    changed = weights["c3.weight"].copy()
    changed.reshape(-1).view(np.uint32)[7] ^= 1
    with pytest.raises(CheckError, match=r"weight 'c3\.weight' differs from the reference in 1 of 9504 elements"):
        bit_identical(files[1], {**weights, "c3.weight": changed})


def test_a_missing_weight_and_another_shape_are_named(files, weights):
    with pytest.raises(CheckError, match="'extra' is not in the file"):
        bit_identical(files[1], {"extra": np.ones(3, np.float32)})
    with pytest.raises(CheckError, match=r"'fc\.bias' is float32 \(10,\), expected float32 \(5, 2\)"):
        bit_identical(files[1], {"fc.bias": weights["fc.bias"].reshape(5, 2)})


def test_a_file_that_the_runtime_refuses_fails(tmp_path, samples):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(CheckError, match=r"broken\.onnx: its runtime failed"):
        verify(path, samples, np.zeros((6, 10), np.float32))


def test_a_file_that_decodes_at_every_inference_is_too_slow(network, tmp_path):
    """DequantizeLinear is what onnxruntime does not fold: a decode that runs each time must not pass."""
    generator = np.random.default_rng(0)
    indices = generator.integers(0, 255, (512, 512)).astype(np.uint8)
    helper = onnx.helper

    def save(path, nodes, initializers):
        graph = helper.make_graph(
            [*nodes, helper.make_node("MatMul", ["x", "w"], ["y"])],
            "g",
            [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 512])],
            [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 512])],
            [onnx.numpy_helper.from_array(array, name) for name, array in initializers.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
        onnx.save(model, path)

    save(tmp_path / "dense.onnx", [], {"w": indices.astype(np.float32)})
    decode = helper.make_node("DequantizeLinear", ["q", "one"], ["v"])
    slow = [decode, *(helper.make_node("Sin", [a], [b]) for a, b in [("v", "v1"), ("v1", "v2"), ("v2", "w")])]
    save(tmp_path / "slow.onnx", slow, {"q": indices, "one": np.array(1, np.float32)})
    with pytest.raises(CheckError, match=r"slow\.onnx: it takes .* times as long as dense\.onnx"):
        compare_latency(tmp_path / "slow.onnx", tmp_path / "dense.onnx")


def test_outputs_are_compared_row_by_row_on_the_scale_of_the_row(tmp_path):
    path = tmp_path / "m.onnx"
    expected = np.array([[100.0, 0.0], [1.0, 2.0]], np.float32)
    near = expected + np.array([[0, 0.009], [0, 0]], np.float32)
    check = compare_outputs(path, near, expected, **TOLERANCE)
    assert check.largest_difference == pytest.approx(0.009)
    with pytest.raises(CheckError, match=r"1 of 2 samples .* sample 1 by 0.009"):
        compare_outputs(path, expected + np.array([[0, 0], [0, 0.009]], np.float32), expected, **TOLERANCE)


def test_argmax_agreement_is_reported(tmp_path):
    expected = np.array([[1.0, 1.00001], [3.0, 2.0]], np.float32)
    produced = np.array([[1.00002, 1.00001], [3.0, 2.0]], np.float32)
    assert compare_outputs(tmp_path, produced, expected, **TOLERANCE).argmax_agreement == 0.5


def test_answers_are_judged_by_the_part_that_agrees(tmp_path):
    path = tmp_path / "m.onnx"
    expected = np.array([[1, 0], [0, 1], [0, 3], [2, 1]], np.float32)
    produced = np.array([[5, 0], [0, 9], [1, 0], [2, 0]], np.float32)
    check = compare_answers(path, produced, expected, least_agreement=0.75)
    assert (check.samples, check.argmax_agreement, check.least_agreement) == (4, 0.75, 0.75)
    assert check.largest_difference == 8
    assert (check.absolute_tolerance, check.relative_tolerance) == (None, None)
    with pytest.raises(CheckError, match=r"m\.onnx: .* answer to 75\.0 % of 4 samples, 76\.0 % are wanted"):
        compare_answers(path, produced, expected, least_agreement=0.76)
    with pytest.raises(CheckError, match="not finite"):
        compare_answers(path, np.full_like(produced, np.inf), expected, least_agreement=0.1)
    with pytest.raises(CheckError, match="cannot be compared"):
        compare_answers(path, produced[:, :1], expected, least_agreement=0.1)


def test_a_file_whose_answers_are_judged_may_be_far_off_and_slow(files, run, samples):
    dense, compressed = files
    expected = run(dense, samples) * np.float32(2)
    proof = verify(compressed, samples, expected, dense=dense, least_agreement=1.0, latency_limit=None)
    assert proof.outputs.argmax_agreement == 1
    assert proof.latency.limit is None
    with pytest.raises(CheckError, match="differ from the reference"):
        verify(compressed, samples, expected)


def test_outputs_that_are_not_numbers_fail(tmp_path):
    with pytest.raises(CheckError, match="1 of 1 samples"):
        compare_outputs(tmp_path, np.array([[np.nan]], np.float32), np.array([[1.0]], np.float32), **TOLERANCE)


def test_outputs_of_another_shape_cannot_be_compared(tmp_path):
    with pytest.raises(CheckError, match="cannot be compared"):
        compare_outputs(tmp_path, np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32), **TOLERANCE)


def test_outputs_of_a_channels_last_file_are_turned_before_they_are_compared(tmp_path):
    weight = np.random.default_rng(2).normal(size=(4, 3, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1] * 4)],
        "g",
        [helper.make_tensor_value_info("x", 1, ["n", 3, 5, 7])],
        [helper.make_tensor_value_info("y", 1, ["n", 4, 5, 7])],
        [numpy_helper.from_array(weight, "w")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    lowered = tmp_path / "m.tflite"
    write_tflite(ir.from_proto(model), lowered, compress=False)
    x = np.random.default_rng(3).normal(size=(2, 3, 5, 7)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = session.run(None, {"x": x})[0]
    proof = verify(lowered, x, expected, layout="channels_last")
    assert proof.outputs.largest_difference < 1e-4
    with pytest.raises(CheckError, match="differ from the reference"):
        verify(lowered, x, np.ascontiguousarray(expected[:, ::-1]), layout="channels_last")
