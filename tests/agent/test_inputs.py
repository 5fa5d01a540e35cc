import numpy as np
import pytest

from edgecompress.agent import inputs
from edgecompress.agent.errors import JobError, RuntimeRefusedError


class Doubling:
    """An engine that takes two samples of (3, 2) at once."""

    runtime, version, input_shape, input_dtype, details = "doubling", "1", (2, 3, 2), "float32", {}

    def run(self, x):
        return 2 * x


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
    parts = inputs.batches(x, Doubling(), "channels_first")
    assert [part.shape for part in parts] == [(2, 3, 2)] * 3
    assert all(part.dtype == np.float32 for part in parts)
    together = np.concatenate(parts)
    assert np.array_equal(together[:5], x.astype(np.float32))
    assert not together[5:].any()


def test_samples_that_do_not_fit_are_refused():
    with pytest.raises(JobError, match=r"\(2, 3\) \(channels_last\) does not fit the model's input \(3, 2\)"):
        inputs.batches(np.zeros((1, 3, 2)), Doubling(), "channels_last")


def test_noise_is_the_same_for_the_same_seed():
    first, second, other = (inputs.noise(Doubling(), 2, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first[0], first[1])


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


def test_a_runtime_that_fails_is_named_with_the_file():
    class Failing(Doubling):
        def run(self, x):
            raise RuntimeError("out of cheese\nredo")

    assert np.array_equal(inputs.run(Doubling(), np.ones(2), "m.onnx"), [2, 2])
    with pytest.raises(RuntimeRefusedError, match=r"^doubling fails in m\.onnx: out of cheese$"):
        inputs.run(Failing(), np.ones(2), "m.onnx")
