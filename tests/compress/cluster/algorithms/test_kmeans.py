import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.cluster import KMeans

from edgecompress.compress.cluster.algorithms.kmeans import kmeans


def inertia(values, centroids) -> float:
    return float((np.abs(values[:, None].astype(np.float64) - centroids[None]).min(1) ** 2).sum())


def optimum(values, k: int) -> float:
    """The least inertia of k clusters of sorted values, by dynamic programming over all intervals."""
    ordered = np.sort(values.astype(np.float64))
    n = len(ordered)
    cost = lambda i, j: float(((ordered[i:j] - ordered[i:j].mean()) ** 2).sum())  # noqa: E731
    best = [0.0] + [np.inf] * n
    for _ in range(k):
        best = [0.0] + [min(best[i] + cost(i, j) for i in range(j)) for j in range(1, n + 1)]
    return best[n]


@pytest.mark.parametrize("k", [4, 16, 32])
@pytest.mark.parametrize("kind", ["laplace", "normal", "pruned"])
def test_is_as_good_as_scikit_learn(kind, k):
    generator = np.random.default_rng(3)
    values = {"laplace": generator.laplace, "normal": generator.normal, "pruned": generator.normal}[kind](size=20_000)
    values = values.astype(np.float32)
    if kind == "pruned":
        values = values[np.abs(values) > 1.6]
    reference = KMeans(k, n_init=3, random_state=0).fit(values[:, None]).inertia_
    assert inertia(values, kmeans(values, k)) <= 1.02 * reference


def test_is_near_the_optimum_of_a_brute_force_search():
    values = np.random.default_rng(5).normal(size=40).astype(np.float32)
    assert inertia(values, kmeans(values, 4)) <= 1.15 * optimum(values, 4)


@given(
    hnp.arrays(np.float32, st.integers(1, 200), elements=st.floats(-1e3, 1e3, width=32)),
    st.integers(1, 16),
)
def test_few_ascending_centroids_within_the_values(values, k):
    centroids = kmeans(values, k)
    assert 1 <= len(centroids) <= k
    assert np.all(np.diff(centroids) > 0)
    assert values.min() <= centroids.min()
    assert centroids.max() <= values.max()
    distinct = np.unique(values)
    if len(distinct) <= k:
        assert np.array_equal(centroids, distinct)


def test_one_extreme_outlier_does_not_ruin_the_rest():
    values = np.append(np.random.default_rng(1).normal(size=10_000), 1e4).astype(np.float32)
    reference = KMeans(16, n_init=3, random_state=0).fit(values[:, None]).inertia_
    assert inertia(values, kmeans(values, 16)) <= 1.25 * reference
