import numpy as np
import pytest

from edgecompress.errors import CheckError
from edgecompress.export.formats.onnx import onnx as write
from edgecompress.export.proved import KINDS, Calibrated, Reference, write_float, write_int8
from edgecompress.recipe import Export

ONNX, TFLITE = KINDS


@pytest.fixture
def inputs():
    return np.random.default_rng(7).normal(size=(64, 3, 9, 9)).astype(np.float32)


@pytest.fixture
def reference(network, inputs, run, tmp_path):
    write(network(), tmp_path / "reference.onnx", compress=False)
    return Reference(inputs, run(str(tmp_path / "reference.onnx"), inputs), None)


@pytest.fixture
def calibrated(inputs, reference, tmp_path):
    """Samples whose classes are the network's own answers: its accuracy is 100 %."""
    np.savez(tmp_path / "eval.npz", x=inputs[:20], y=reference.expected[:20].argmax(axis=1))
    return Calibrated(inputs, tmp_path / "eval.npz", seven_bits=True)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.format)
def test_a_float_file_is_written_and_proved_on_its_outputs(kind, network, reference, tmp_path):
    path = tmp_path / f"m.{kind.format}"
    made = write_float(network(), path, kind, Export(), reference, compress=True)
    assert made.ledger.file_bytes == path.stat().st_size
    assert made.verification.outputs.relative_tolerance == {"onnx": 1e-4, "tflite": 2e-2}[kind.format]
    assert made.verification.latency is None
    assert made.accuracy is None
    assert made.memory.peak is None or made.memory.peak > 0
    assert made.runs_in


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.format)
def test_an_int8_file_is_judged_by_its_answers_and_its_accuracy_is_measured(
    kind, network, reference, calibrated, tmp_path
):
    path = tmp_path / f"m.{kind.format}"
    made = write_int8(network(), path, kind, Export(), reference, calibrated, compress=True)
    assert made.verification.outputs.argmax_agreement > 0.9
    assert made.accuracy.samples == 20
    assert made.accuracy.correct >= 18
    assert (made.verification.identical_weights is None) == (kind is TFLITE)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.format)
def test_an_int8_file_that_answers_otherwise_is_an_error(kind, network, reference, calibrated, tmp_path):
    path = tmp_path / f"m.{kind.format}"
    other = Reference(reference.x, -reference.expected, None)
    with pytest.raises(CheckError, match=rf"m\.{kind.format}: .*answer to .* % of 64 samples, 90\.0 % are wanted"):
        write_int8(network(), path, kind, Export(), other, calibrated, compress=True)
