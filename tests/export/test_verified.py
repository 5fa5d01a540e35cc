import numpy as np
import pytest
import torch
from torch import nn

from edgecompress.errors import CheckError
from edgecompress.export import verified
from edgecompress.export.verified import Calibrated, Reference, write_float, write_int8
from edgecompress.export.verify import verify
from edgecompress.formats import find
from edgecompress.formats.onnx.network import write_onnx as write
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.formats.tflite.sparse_inference import emulated
from edgecompress.formats.tflite.sparse_inference.verdict import remark
from edgecompress.recipe import Export
from edgecompress.sources.to_onnx import to_onnx

ONNX, TFLITE = KINDS = find.of_profiles()


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
    return Calibrated(inputs, tmp_path / "eval.npz")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_float_file_is_written_and_proved_on_its_outputs(kind, network, reference, tmp_path):
    path = tmp_path / f"m.{kind.name}"
    made = write_float(network(), path, kind, Export(), reference, compress=True)
    assert made.ledger.file_bytes == path.stat().st_size
    assert made.verification.outputs.relative_tolerance == {"onnx": 1e-4, "tflite": 2e-2}[kind.name]
    assert made.verification.latency is None
    assert made.accuracy is None
    assert made.memory.peak is None or made.memory.peak > 0
    assert made.runs_in


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_int8_file_is_judged_by_its_answers_and_its_accuracy_is_measured(
    kind, network, reference, calibrated, tmp_path
):
    path = tmp_path / f"m.{kind.name}"
    made = write_int8(network(), path, kind, Export(), reference, calibrated, compress=True)
    assert made.verification.outputs.argmax_agreement > 0.9
    assert made.accuracy.samples == 20
    assert made.accuracy.correct >= 18
    assert (made.verification.identical_weights is None) == (kind is TFLITE)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_int8_file_that_answers_otherwise_is_an_error(kind, network, reference, calibrated, tmp_path):
    path = tmp_path / f"m.{kind.name}"
    other = Reference(reference.x, -reference.expected, None)
    with pytest.raises(CheckError, match=rf"m\.{kind.name}: .*answer to .* % of 64 samples, 90\.0 % are wanted"):
        write_int8(network(), path, kind, Export(), other, calibrated, compress=True)


def test_what_sparse_inference_does_with_a_file_is_part_of_its_proof(taken, tmp_path):
    made = write_float(taken[0], tmp_path / "m.tflite", TFLITE, Export(), taken[1], compress=True)

    verdict = made.verification.sparse_inference
    assert verdict.state == "on" and verdict.zeros == pytest.approx(0.9, abs=0.01)
    assert made.ledger.remarks == (remark(verdict),)


def test_shifts_are_proved_and_not_judged_by_the_latency_of_a_processor_with_avx(tmp_path, monkeypatch):
    torch.manual_seed(0)
    stem, inner = nn.Conv2d(3, 16, 3, 2, 1), nn.Conv2d(16, 64, 3, 1, 1)
    inner.weight.data *= torch.rand_like(inner.weight) < 0.1
    layers = nn.Sequential(
        stem, nn.ReLU(), inner, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 5)
    ).eval()
    x = np.random.default_rng(0).normal(size=(8, 3, 40, 40)).astype(np.float32)
    with torch.no_grad():
        expected = layers(torch.from_numpy(x)).numpy()
    judged = []
    monkeypatch.setattr(
        verified, "verify", lambda *given, **options: judged.append(options) or verify(*given, **options)
    )

    settings, reference = Export(shifts=True), Reference(x, expected, None)
    made = write_float(to_onnx(layers, (3, 40, 40)), tmp_path / "m.tflite", TFLITE, settings, reference, compress=True)

    assert made.verification.sparse_inference.state == "on"
    assert made.ledger.remarks[1] == "convolutions computed by shifts and 1x1 convolutions: 1"
    assert (judged[0]["latency_limit"] is None) == (not emulated.sparse_inference_runs_here())


@pytest.mark.skipif(emulated.sparse_inference_runs_here(), reason="its zeros are skipped here")
def test_a_file_for_processors_without_avx_is_judged_here_by_one_of_the_same_weights_for_all(
    taken, tmp_path, monkeypatch
):
    model, reference = taken
    write_tflite(model, tmp_path / "dense.tflite", compress=False)
    judged = []

    def compare(path, dense, **_):
        judged.append((emulated.judged(path).state, path.stat().st_size < dense.stat().st_size, dense.name))

    monkeypatch.setattr(verified, "LATENCY", 0.0)  # whatever the machine says
    monkeypatch.setattr(verified, "compare_latency", compare)
    beside = Reference(reference.x, reference.expected, tmp_path / "dense.tflite")

    made = write_float(model, tmp_path / "m.tflite", TFLITE, Export(), beside, compress=True)

    assert made.verification.sparse_inference.state == "on" and made.verification.latency.limit is None
    assert judged == [("off", True, "dense.tflite")]
