import numpy as np
import pytest

from edgecompress.errors import CheckError
from edgecompress.export.named import Named, verify_named

from ..isolated.test_outputs import save

A = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)
INPUTS = {"a": A, "b": A}


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
