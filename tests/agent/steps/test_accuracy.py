import numpy as np
import pytest


def test_right_answers_are_counted(agent, file, data):
    code, events, _ = agent("accuracy", {**file, "eval": str(data), "threads": 1})
    assert code == 0
    assert (events[-1]["correct"], events[-1]["total"], events[-1]["largest_difference"]) == (16, 20, None)


def test_a_limit_takes_the_first_samples(agent, file, data):
    events = agent("accuracy", {**file, "eval": str(data), "threads": 1, "limit": 5})[1]
    assert (events[-1]["correct"], events[-1]["total"]) == (1, 5)


@pytest.mark.parametrize("rows", [20, 7])
def test_the_largest_difference_is_over_the_rows_that_the_reference_has(agent, file, data, tmp_path, expected, rows):
    reference = expected[:rows].copy()
    reference[rows - 1, 2] += 0.25
    np.savez(tmp_path / "reference.npz", y=reference)
    events = agent("accuracy", {**file, "eval": str(data), "threads": 1, "reference": "reference.npz"})[1]
    assert events[-1]["largest_difference"] == pytest.approx(0.25, abs=1e-4)
    assert events[-1]["correct"] == 16


def test_a_batch_changes_nothing(agent, files, data, tmp_path, expected):
    path, layout = files["onnx"]
    np.savez(tmp_path / "reference.npz", y=expected)
    job = {
        "file": str(path),
        "layout": layout,
        "eval": str(data),
        "threads": 1,
        "batch": 6,
        "reference": "reference.npz",
    }
    event = agent("accuracy", job)[1][-1]
    assert (event["correct"], event["total"]) == (16, 20)
    assert event["largest_difference"] < 1e-4


def test_samples_without_labels_and_references_of_another_shape_are_refused(agent, file, tmp_path, x, data):
    np.savez(tmp_path / "short.npz", x=x, y=np.zeros(3, int))
    code, events, _ = agent("accuracy", {**file, "eval": "short.npz", "threads": 1})
    assert (code, "one label a sample" in events[-1]["message"]) == (2, True)
    np.savez(tmp_path / "reference.npz", y=np.zeros((20, 3)))
    code, events, _ = agent("accuracy", {**file, "eval": str(data), "threads": 1, "reference": "reference.npz"})
    assert (code, "reference" in events[-1]["message"]) == (2, True)
