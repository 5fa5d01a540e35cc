import numpy as np
import onnx
import pytest
from onnx import helper as h

from edgecompress.errors import CheckError
from edgecompress.export.named import Named, verify_named
from edgecompress.isolated.outputs import run

from ..isolated.test_outputs import save

A = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)
INPUTS = {"a": A, "b": A}


def test_a_state_without_a_batch_is_taken_and_given_as_a_whole(tmp_path):
    graph = h.make_graph(
        [h.make_node("ReduceSum", ["h", "axes"], ["s"], keepdims=0), h.make_node("Add", ["x", "s"], ["y"]),
         h.make_node("Neg", ["h"], ["hn"])],
        "g",
        [h.make_tensor_value_info("x", 1, [1, 3]), h.make_tensor_value_info("h", 1, [2, 1, 3])],
        [h.make_tensor_value_info("y", 1, [1, 3]), h.make_tensor_value_info("hn", 1, [2, 1, 3])],
        [onnx.numpy_helper.from_array(np.array([0]), "axes")],
    )  # fmt: skip
    path = tmp_path / "m.onnx"
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=9), path)
    x, state = np.ones((4, 3), np.float32), np.arange(24, dtype=np.float32).reshape(8, 1, 3)
    inputs = {"x": x, "h": state}
    found = run(path, inputs, layout="channels_first", batch=32).arrays
    assert np.array_equal(found["hn"], -state)
    assert np.array_equal(found["y"], 1 + state.reshape(4, 2, 3).sum(1))
    proof = verify_named(path, Named(inputs, found, dense=path), relative_tolerance=1e-4, weights=None)
    assert proof.latency.runs >= 50, "timed with as many rows of each input as it takes at once"


def test_the_latency_of_a_file_of_several_inputs_is_held_against_the_dense_one(tmp_path):
    save(tmp_path / "m.onnx")
    expected = {"sum": 2 * A, "less": -A}
    reference = Named(INPUTS, expected, dense=tmp_path / "m.onnx")
    proof = verify_named(tmp_path / "m.onnx", reference, relative_tolerance=1e-4, weights={}, latency_limit=5)
    assert (proof.latency.dense, proof.latency.limit) == ("m.onnx", 5)
    assert proof.latency.low <= proof.latency.ratio <= proof.latency.high
    with pytest.raises(CheckError, match=r"times as long as m\.onnx .* the limit is 0\.01"):
        verify_named(tmp_path / "m.onnx", reference, relative_tolerance=1e-4, weights={}, latency_limit=0.01)


def test_a_file_whose_outputs_are_the_reference_s_is_proved(tmp_path):
    save(tmp_path / "m.onnx")
    proof = verify_named(
        tmp_path / "m.onnx", Named(INPUTS, {"sum": 2 * A, "less": -A}), relative_tolerance=1e-4, weights={}
    )
    assert (proof.runtime, proof.outputs.samples, proof.identical_weights) == ("onnxruntime", 5, 0)


@pytest.mark.parametrize(
    ("expected", "message"),
    [({"sum": 2 * A, "less": A}, "differ from the reference"), ({"other": A}, "has no output 'other'")],
)
def test_an_output_that_differs_or_is_missing_fails(tmp_path, expected, message):
    save(tmp_path / "m.onnx")
    with pytest.raises(CheckError, match=message):
        verify_named(tmp_path / "m.onnx", Named(INPUTS, expected), relative_tolerance=1e-4, weights=None)
