from functools import partial

import pytest

from edgecompress.errors import CheckError
from edgecompress.formats.tflite import everywhere
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.formats.tflite.sparse_inference import emulated
from edgecompress.recipe import Export


def test_a_file_that_is_wrong_with_sparse_inference_is_written_so_that_it_stays_off(taken, tmp_path, monkeypatch):
    asked = []

    def prove(path):
        asked.append(emulated.judged(path))
        if asked[-1].state == "on":
            raise emulated.SparseInferenceError(f"{path}: wrong")
        return asked[-1]

    monkeypatch.setattr(emulated, "prove", prove)
    write = partial(write_tflite, taken[0], compress=True)

    finished = everywhere.finish(write, tmp_path / "m.tflite", Export())

    assert [verdict.state for verdict in asked] == ["on", "off"]
    assert finished.verdict.state == "off" and finished.twin is None
    monkeypatch.setattr(emulated, "prove", lambda path: (_ for _ in ()).throw(CheckError("wrong")))
    with pytest.raises(CheckError, match="wrong"):
        everywhere.finish(write, tmp_path / "n.tflite", Export())


@pytest.mark.parametrize("here", [True, False])
def test_a_file_for_other_processors_has_a_twin_for_this_one(taken, tmp_path, monkeypatch, here):
    monkeypatch.setattr(emulated, "sparse_inference_runs_here", lambda: here)
    monkeypatch.setattr(emulated, "prove", emulated.judged)
    write = partial(write_tflite, taken[0], compress=True, shifts=True)
    finished = everywhere.finish(write, tmp_path / "m.tflite", Export(shifts=True))
    assert finished.verdict.state == "on" == everywhere.prove(tmp_path / "m.tflite").state
    assert (finished.twin is None) == here
    if finished.twin:
        finished.twin(tmp_path / "twin.tflite")
        assert emulated.judged(tmp_path / "twin.tflite").state == "off"
