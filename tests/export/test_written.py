import pytest

from edgecompress.errors import CheckError
from edgecompress.export.written import KINDS, written
from edgecompress.formats.tflite.sparse_inference import emulated
from edgecompress.recipe import Export

_, TFLITE = KINDS


def test_a_file_that_is_wrong_with_sparse_inference_is_written_so_that_it_stays_off(taken, tmp_path, monkeypatch):
    asked = []

    def prove(path):
        asked.append(emulated.judged(path))
        if asked[-1].state == "on":
            raise emulated.SparseInferenceError(f"{path}: wrong")
        return asked[-1]

    monkeypatch.setattr(emulated, "prove", prove)

    _, inference = written(taken[0], tmp_path / "m.tflite", TFLITE, Export(), compress=True)

    assert [verdict.state for verdict in asked] == ["on", "off"]
    assert inference.state == "off"
    with pytest.raises(CheckError, match="wrong"):
        monkeypatch.setattr(emulated, "prove", lambda path: (_ for _ in ()).throw(CheckError("wrong")))
        written(taken[0], tmp_path / "n.tflite", TFLITE, Export(), compress=True)
