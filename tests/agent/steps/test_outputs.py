import numpy as np
import onnx
import pytest
from onnx import helper as h


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


def test_all_outputs_of_all_inputs_go_by_their_names_and_keep_their_types(agent, tmp_path):
    ends = {"tokens": (onnx.TensorProto.INT64, ["N", 2]), "x": (onnx.TensorProto.FLOAT, ["N", 3])}
    gives = {"file": "tokens", "a/b": "x"}  # names that are no names of Python's
    graph = h.make_graph(
        [h.make_node("Identity", [given], [name]) for name, given in gives.items()],
        "g",
        [h.make_tensor_value_info(name, *end) for name, end in ends.items()],
        [h.make_tensor_value_info(name, *ends[given]) for name, given in gives.items()],
    )
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=9), tmp_path / "m.onnx")
    rows = {"tokens": np.arange(14).reshape(7, 2), "x": np.ones((7, 3), np.float32)}
    np.savez(tmp_path / "x.npz", **rows)
    job = {"file": "m.onnx", "inputs": "x.npz", "output": "y.npz", "outputs": "all"}
    for batch in (1, 3, 32):
        code, events, _ = agent("outputs", {**job, "batch": batch})
        assert (code, events[-1]["rows"], events[-1]["shape"]) == (0, 7, [7, 2])
        with np.load(tmp_path / "y.npz") as archive:
            assert {name: archive[name].dtype.name for name in archive.files} == {"file": "int64", "a/b": "float32"}
            assert np.array_equal(archive["file"], rows["tokens"])
    np.savez(tmp_path / "x.npz", x=rows["x"])
    code, events, _ = agent("outputs", job)
    assert (code, events[-1]["message"]) == (2, "the inputs have no array 'tokens' (they have x)")


def test_all_outputs_of_one_input_are_found_by_its_name_or_by_x(agent, files, data, tmp_path, x, expected):
    path, layout = files["tflite"]
    np.savez(tmp_path / "x.npz", x=x)
    job = {"file": str(path), "layout": layout, "inputs": "x.npz", "output": "y.npz", "outputs": "all"}
    assert agent("outputs", job)[0] == 0
    with np.load(tmp_path / "y.npz") as archive:
        np.testing.assert_allclose(archive["y"], expected, rtol=1e-5, atol=1e-5)
    code, events, _ = agent("outputs", {**job, "outputs": "some"})
    assert (code, "must be one of first, all" in events[-1]["message"]) == (2, True)


@pytest.mark.parametrize("which", ["first", "all"])
def test_a_part_of_the_rows_is_run_where_it_is_asked_for(agent, files, tmp_path, x, expected, which):
    path, layout = files["onnx"]
    np.savez(tmp_path / "x.npz", x=x)
    job = {"file": str(path), "layout": layout, "inputs": "x.npz", "output": "y.npz", "outputs": which}
    for start, limit, left in ((3, 5, slice(3, 8)), (17, 9, slice(17, 20))):
        code, events, _ = agent("outputs", {**job, "start": start, "limit": limit})
        assert (code, events[-1]["rows"]) == (0, len(expected[left]))
        with np.load(tmp_path / "y.npz") as archive:
            (said,) = archive.values()
            np.testing.assert_allclose(said, expected[left], rtol=1e-5, atol=1e-5)
    code, events, _ = agent("outputs", {**job, "provider": "none-such"})
    assert code and "none-such" in events[-1]["message"]


def test_no_rows_is_a_wrong_job(agent, file, tmp_path, x):
    np.savez(tmp_path / "none.npz", x=x[:0])
    code, events, _ = agent("outputs", {**file, "inputs": "none.npz", "output": "y.npz"})
    assert (code, "no rows" in events[-1]["message"]) == (2, True)
