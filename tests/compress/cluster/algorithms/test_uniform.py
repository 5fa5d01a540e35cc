import numpy as np
import pytest

from edgecompress.compress.cluster.algorithms.uniform import uniform


def test_levels_are_at_equal_distances_and_reach_both_ends():
    values = np.array([-1, 0.2, 0.3, 2], dtype=np.float32)
    assert uniform(values, 4).tolist() == pytest.approx([-1, 0, 1, 2])
    assert uniform(values, 1).tolist() == [0.5]


def test_the_error_is_at_most_half_a_step():
    values = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    levels = uniform(values, 16)
    step = (values.max() - values.min()) / 15
    assert np.abs(values[:, None] - levels).min(1).max() <= step / 2 * (1 + 1e-6)
