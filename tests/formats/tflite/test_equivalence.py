import sys

import numpy as np
import pytest

from edgecompress import workers
from edgecompress.errors import CheckError
from edgecompress.formats.tflite import equivalence
from edgecompress.formats.tflite.weights import Stored


@pytest.fixture
def model(foreign):
    def make(weight, code="FULLY_CONNECTED", options="FullyConnectedOptions"):
        build = foreign()
        x, y = build.tensor("x", (1, 4)), build.tensor("y", (1, 3))
        build.operator(code, [x, build.weight("w", Stored(weight)), -1], [y], options)
        return build.file([x], [y])

    return make


WEIGHT = np.arange(1, 13, dtype=np.float32).reshape(3, 4)


def test_equal_outputs_pass_and_one_bit_does_not(model, tmp_path):
    source, target = tmp_path / "a.tflite", tmp_path / "b.tflite"
    source.write_bytes(model(WEIGHT))
    proof, verdict = equivalence.prove(source, model(WEIGHT.astype(np.float16)), target)
    assert (proof.words, proof.compared, verdict.state) == ("proved", ("/0",), "off")
    other = WEIGHT.copy()
    other[1, 2] = np.nextafter(other[1, 2], np.float32(100))
    with pytest.raises(
        CheckError, match=r"b\.tflite: packed, the model's output '/0' differs from that of .*a\.tflite"
    ):
        equivalence.prove(source, model(other), target)


def test_a_source_that_does_not_run_proves_nothing_and_a_result_that_does_not_is_ours(model, tmp_path):
    source, target = tmp_path / "a.tflite", tmp_path / "b.tflite"
    broken = model(WEIGHT, "HASHTABLE_FIND", None)
    source.write_bytes(broken)
    proof, _ = equivalence.prove(source, broken, target)
    assert not proof.compared
    assert "outputs not compared, because LiteRT does not run a.tflite on random inputs (" in proof.words
    source.write_bytes(model(WEIGHT))
    with pytest.raises(CheckError, match=r"b\.tflite: packed, the model does not run in LiteRT \("):
        equivalence.prove(source, broken, target)


def test_a_crash_is_told_by_its_signal(model, tmp_path, monkeypatch):
    # A Python that does this whatever it is asked to run stands for a runtime that a file kills.
    stand_in = tmp_path / "python"
    stand_in.write_text(f"#!{sys.executable}\nimport os\nos.abort()\n")
    stand_in.chmod(0o755)
    monkeypatch.setattr(workers.sys, "executable", str(stand_in))
    source = tmp_path / "a.tflite"
    source.write_bytes(model(WEIGHT))
    packed = model(WEIGHT)
    proof, _ = equivalence.prove(source, packed, tmp_path / "b.tflite")
    assert "LiteRT does not get through a.tflite (it crashes the runtime, SIGABRT)" in proof.words
