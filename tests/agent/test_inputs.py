import numpy as np
import pytest

from edgecompress.agent import inputs
from edgecompress.agent.engines.contract import EngineInput
from edgecompress.agent.errors import JobError, RuntimeRefusedError


class Doubling:
    """An engine that takes two samples of (3, 2) at once."""

    runtime, version, inputs, details = "doubling", "1", (EngineInput("given", (2, 3, 2), "float32"),), {}

    def run(self, feed):
        return [2 * x for x in feed.values()]


class Choosing(Doubling):
    """An engine of two inputs: a sample of (3, 2, 4), and which of its channels."""

    inputs = (EngineInput("x", (1, 2, 4, 3), "float32"), EngineInput("which", (1, 2), "int32"))


def test_a_layout_moves_the_channels_and_nothing_else():
    x = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    last = inputs.to_layout(x, "channels_last")
    assert last.shape == (2, 4, 5, 3)
    assert last[1, 2, 3, 0] == x[1, 0, 2, 3]
    assert last.flags.c_contiguous
    assert inputs.to_layout(x[..., 0], "channels_last").shape == (2, 4, 3)
    assert np.array_equal(inputs.to_layout(x, "channels_first"), x)


def test_batches_hold_every_sample_once_and_zeros_after_them():
    x = np.random.default_rng(0).standard_normal((5, 3, 2))
    parts = [part["given"] for part in inputs.batches({"x": x, "y": np.arange(5)}, Doubling(), "channels_first")]
    assert [part.shape for part in parts] == [(2, 3, 2)] * 3
    assert all(part.dtype == np.float32 for part in parts)
    together = np.concatenate(parts)
    assert np.array_equal(together[:5], x.astype(np.float32))
    assert not together[5:].any()


def test_samples_that_do_not_fit_are_refused():
    with pytest.raises(JobError, match=r"\(2, 3\) \(channels_last\) does not fit the model's input \(3, 2\)"):
        inputs.batches({"x": np.zeros((1, 3, 2))}, Doubling(), "channels_last")


def test_several_inputs_are_found_by_their_names_and_each_gets_its_layout_and_type():
    rows = {"which": np.arange(6).reshape(3, 2), "x": np.random.default_rng(0).standard_normal((3, 3, 2, 4))}
    parts = inputs.batches(rows, Choosing(), "channels_last")
    assert [{name: part[name].shape for name in part} for part in parts] == 3 * [{"x": (1, 2, 4, 3), "which": (1, 2)}]
    assert parts[1]["which"].dtype == np.int32
    assert parts[1]["which"].tolist() == [[2, 3]]
    assert np.array_equal(parts[2]["x"][0], np.moveaxis(rows["x"][2], 0, -1).astype(np.float32))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"which": None}, r"have no array 'which' \(they have x\)"),
        ({"which": np.ones((3, 2))}, "takes int32 as 'which', and the inputs have float64"),
        ({"which": np.ones((2, 2), np.int64)}, "different numbers of rows"),
        ({"x": np.ones((0, 3, 2, 4))}, "no rows"),
    ],
)
def test_inputs_that_are_not_the_files_are_refused(change, said):
    rows = {"which": np.ones((3, 2), np.int64), "x": np.ones((3, 3, 2, 4)), **change}
    rows = {name: array for name, array in rows.items() if array is not None}
    with pytest.raises(JobError, match=said):
        inputs.batches(rows, Choosing(), "channels_last")


def test_noise_is_the_same_for_the_same_seed():
    first, second, other = ([each["given"] for each in inputs.noise(Doubling(), 2, seed)] for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first[0], first[1])


def test_noise_of_whole_numbers_is_in_every_table():
    made = [each["which"] for each in inputs.noise(Choosing(), 20, 0)]
    assert {each.dtype for each in made} == {np.dtype("int32")}
    assert set(np.unique(made)) == {0, 1}


def test_arrays_are_read_without_pickle_and_errors_name_the_file(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones(3), evil=np.array([{}], dtype=object))
    assert inputs.read_array(tmp_path / "a.npz", "x").sum() == 3
    with pytest.raises(JobError, match=r"a\.npz has no array 'y' \(it has x, evil\)"):
        inputs.read_array(tmp_path / "a.npz", "y")
    with pytest.raises(JobError, match=r"cannot read .*a\.npz"):
        inputs.read_array(tmp_path / "a.npz", "evil")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:100])
    with pytest.raises(JobError, match=r"cannot read .*cut\.npz"):
        inputs.read_array(tmp_path / "cut.npz", "x")
    with pytest.raises(JobError, match=r"cannot read .*a\.npz"):
        inputs.read_rows(tmp_path / "a.npz", 1)


def test_rows_are_the_first_of_every_array(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(6).reshape(3, 2), which=np.arange(3))
    rows = inputs.read_rows(tmp_path / "a.npz", 2)
    assert {name: array.tolist() for name, array in rows.items()} == {"x": [[0, 1], [2, 3]], "which": [0, 1]}


def test_a_runtime_that_fails_is_named_with_the_file():
    class Failing(Doubling):
        def run(self, feed):
            raise RuntimeError("out of cheese\nredo")

    assert np.array_equal(inputs.run(Doubling(), {"given": np.ones(2)}, "m.onnx"), [[2, 2]])
    with pytest.raises(RuntimeRefusedError, match=r"^doubling fails in m\.onnx: out of cheese$"):
        inputs.run(Failing(), {"given": np.ones(2)}, "m.onnx")
