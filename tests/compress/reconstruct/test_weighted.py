import numpy as np
import pytest

from edgecompress.compress.reconstruct import weighted
from edgecompress.compress.reconstruct.weighted import weighted_kmeans


def cost(values, weights, centroids):
    return float((weights * np.abs(values[:, None] - centroids).min(1) ** 2).sum())


@pytest.mark.parametrize("k", [1, 2, 5, 16])
def test_whole_weights_are_repetitions(k):
    from kmeans1d import cluster

    generator = np.random.default_rng(k)
    values, weights = generator.normal(size=300), generator.integers(1, 6, 300)
    repeated = np.repeat(values, weights)
    _, expected = cluster(repeated.tolist(), k)
    found = weighted_kmeans(values, weights.astype(np.float64), k)
    least = cost(repeated, np.ones(len(repeated)), np.array(expected))
    assert cost(values, weights, found) == pytest.approx(least, rel=1e-9)


def test_few_values_are_their_own_centroids():
    assert weighted_kmeans(np.array([2.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]), 4).tolist() == [1, 2]


def test_many_values_cost_hardly_more_than_all_of_them(monkeypatch):
    generator = np.random.default_rng(0)
    values, weights = generator.laplace(size=5000), generator.uniform(0.1, 5, 5000)
    exact = cost(values, weights, weighted_kmeans(values, weights, 8))
    monkeypatch.setattr(weighted, "CELLS", 1000)
    assert exact <= cost(values, weights, weighted_kmeans(values, weights, 8)) <= 1.001 * exact
