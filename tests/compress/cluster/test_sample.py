import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from edgecompress.compress.cluster.sample import fewer_is_well, standardised


def test_few_values_are_all_taken_and_come_back():
    values = np.array([1e-6, 3e-6, 5e-6], dtype=np.float32)
    sample = standardised(values, 10, seed=0)
    assert sample.x.mean() == pytest.approx(0, abs=1e-12)
    assert sample.x.std() == pytest.approx(1)
    assert np.array_equal(sample.back(sample.x), values)


def test_of_many_the_seed_draws_some():
    values = np.random.default_rng(0).normal(3, 2, size=50_000).astype(np.float32)
    first, same, other = (standardised(values, 20_000, seed=seed) for seed in (1, 1, 2))
    assert first.x.size == 20_000
    assert np.array_equal(first.x, same.x)
    assert not np.array_equal(first.x, other.x)
    assert np.isin(first.back(first.x), values).mean() > 0.99
    assert first.mean == pytest.approx(3, abs=0.1)


def test_equal_values_have_no_scale():
    assert standardised(np.full(4, 2.5, dtype=np.float32), 10, seed=0).back(np.zeros(1)).tolist() == [2.5]


def test_only_warnings_of_convergence_are_silenced():
    with warnings.catch_warnings(record=True) as caught, fewer_is_well():
        warnings.warn("few", ConvergenceWarning, stacklevel=1)
    assert not caught
    with pytest.warns(UserWarning, match="other"), fewer_is_well():
        warnings.warn("other", UserWarning, stacklevel=1)
