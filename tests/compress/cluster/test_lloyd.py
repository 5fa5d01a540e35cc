from dataclasses import replace

import numpy as np
import pytest
from sklearn.cluster import KMeans

from edgecompress.compress.cluster.lloyd import lloyd
from edgecompress.compress.cluster.points import EXACT, distinct, gather


@pytest.mark.parametrize("iterations", [1, 3, 300])
def test_iterations_are_scikit_learn_s(iterations):
    values = np.random.default_rng(0).normal(size=3000).astype(np.float32)
    start = np.linspace(-2, 2, 9)
    found = lloyd(distinct(values), start, iterations=iterations)
    model = KMeans(9, init=start[:, None], n_init=1, max_iter=iterations, tol=0, algorithm="lloyd")
    expected = model.fit(values[:, None].astype(np.float64)).cluster_centers_[:, 0]
    assert np.allclose(found, expected, atol=1e-9)


def test_boundaries_divide_bins():
    values = np.random.default_rng(1).laplace(size=EXACT + 1).astype(np.float32)
    start = np.linspace(-3, 3, 200)
    bins = gather(values, 200)
    whole = replace(bins, widths=np.zeros_like(bins.widths))
    exact, divided, undivided = (lloyd(points, start, iterations=20) for points in (distinct(values), bins, whole))
    assert np.abs(divided - exact).mean() < 0.01 * np.diff(exact).mean()
    assert np.abs(divided - exact).mean() < 0.5 * np.abs(undivided - exact).mean()


def test_centroids_without_values_are_left_out():
    values = np.array([0, 0.1, 1, 1.1], dtype=np.float32)
    assert lloyd(distinct(values), np.array([0.0, 0.5, 0.6, 1.0])) == pytest.approx([0.05, 1.05])


def test_no_iterations_are_the_start():
    assert lloyd(distinct(np.ones(1, dtype=np.float32)), np.array([2.0, 3.0]), iterations=0).tolist() == [2, 3]
