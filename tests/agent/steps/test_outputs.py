import numpy as np
import pytest


def test_every_row_is_run_in_order(agent, file, data, tmp_path, expected):
    job = {**file, "inputs": str(data), "output": str(tmp_path / "y.npz"), "threads": 1}
    code, events, _ = agent("outputs", job)
    assert code == 0
    assert (events[-1]["rows"], events[-1]["shape"]) == (20, [20, 5])
    with np.load(tmp_path / "y.npz") as archive:
        assert archive["y"].dtype == np.float32
        np.testing.assert_allclose(archive["y"], expected, rtol=1e-5, atol=1e-5)
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("batch", [3, 20, 64])
def test_a_batch_changes_nothing(agent, files, data, tmp_path, expected, batch):
    path, layout = files["onnx"]
    job = {"file": str(path), "layout": layout, "inputs": str(data), "output": "y.npz", "threads": 1, "batch": batch}
    assert agent("outputs", job)[0] == 0
    with np.load(tmp_path / "y.npz") as archive:
        np.testing.assert_allclose(archive["y"], expected, rtol=1e-5, atol=1e-5)


def test_no_rows_is_a_wrong_job(agent, file, tmp_path, x):
    np.savez(tmp_path / "none.npz", x=x[:0])
    code, events, _ = agent("outputs", {**file, "inputs": "none.npz", "output": "y.npz"})
    assert (code, "no rows" in events[-1]["message"]) == (2, True)
