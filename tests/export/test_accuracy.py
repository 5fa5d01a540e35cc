import numpy as np
import pytest

from edgecompress.errors import CheckError, InputError
from edgecompress.export.accuracy import accuracy
from edgecompress.formats.onnx.network import write_onnx as write


def test_it_is_the_part_of_the_samples_that_onnxruntime_gets_right(network, run, samples, tmp_path):
    write(network(), tmp_path / "m.onnx", compress=False)
    y = run(str(tmp_path / "m.onnx"), samples).argmax(axis=1)
    y[:2] = (y[:2] + 1) % 10
    np.savez(tmp_path / "eval.npz", x=samples, y=y)
    found = accuracy(tmp_path / "m.onnx", tmp_path / "eval.npz")
    assert (found.correct, found.samples) == (4, 6)
    assert found.percent == pytest.approx(66.6667, abs=1e-3)


def test_a_file_that_does_not_run_and_data_that_do_not_fit_are_one_line(network, samples, tmp_path):
    write(network(), tmp_path / "m.onnx", compress=False)
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    np.savez(tmp_path / "eval.npz", x=samples, y=np.zeros(6, np.int64))
    np.savez(tmp_path / "other.npz", x=samples[:, :1], y=np.zeros(6, np.int64))
    with pytest.raises(CheckError, match=r"broken\.onnx: its runtime failed"):
        accuracy(tmp_path / "broken.onnx", tmp_path / "eval.npz")
    with pytest.raises(InputError, match="does not fit the model's input"):
        accuracy(tmp_path / "m.onnx", tmp_path / "other.npz")
