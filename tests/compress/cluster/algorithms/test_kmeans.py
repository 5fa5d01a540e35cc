import kmeans1d
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.cluster import KMeans

from edgecompress.compress.cluster.algorithms.kmeans import kmeans
from edgecompress.compress.cluster.points import EXACT


def drawn(kind: str, n: int) -> np.ndarray:
    generator = np.random.default_rng(3)
    values = {
        "laplace": lambda: 0.02 * generator.laplace(size=n),
        "normal": lambda: generator.normal(size=n),
        "pruned": lambda: generator.choice([-1, 1], n) * (1.6 + generator.exponential(size=n)),
        "outliers": lambda: np.append(generator.normal(size=n), [1e4, -3e5]),
        "heavy tails": lambda: generator.standard_t(2, size=n),
        "two hills": lambda: np.append(generator.normal(size=n // 2), generator.normal(40, 3, size=n // 2)),
        "rounded": lambda: np.round(generator.normal(size=n), 2),
        "half of one value": lambda: np.append(np.full(n // 2, 0.25), generator.normal(size=n // 2)),
    }[kind]()
    return values.astype(np.float32)


KINDS = ["laplace", "normal", "pruned", "outliers", "heavy tails", "two hills", "rounded", "half of one value"]


@settings(max_examples=200)
@given(
    hnp.arrays(np.float32, st.integers(1, 9), elements=st.integers(-20, 20).map(float)),
    st.integers(1, 5),
)
def test_is_the_optimum_of_all_ways_to_cut_a_few_values(reference, values, k):
    assert reference.inertia(values, kmeans(values, k)) == pytest.approx(reference.brute_force(values, k), abs=1e-6)


@pytest.mark.parametrize("k", [1, 2, 5, 16, 64])
@pytest.mark.parametrize("kind", KINDS)
def test_is_the_optimum_of_a_few_hundred_values(reference, kind, k):
    values = drawn(kind, 450)[:450]
    assert reference.inertia(values, kmeans(values, k)) == pytest.approx(reference.optimum(values, k), rel=1e-5)


@pytest.mark.parametrize("k", [2, 16, 100])
@pytest.mark.parametrize("kind", KINDS)
def test_is_within_a_ten_thousandth_of_kmeans1d_s_optimum(reference, kind, k):
    values = drawn(kind, 20_000)
    best = kmeans1d.cluster(values.astype(np.float64), k).centroids
    assert reference.inertia(values, kmeans(values, k)) <= 1.0001 * reference.inertia(values, np.array(best))


@pytest.mark.parametrize("kind", KINDS)
def test_bins_lose_nothing(reference, kind):
    values = drawn(kind, EXACT + 2000)
    best = kmeans1d.cluster(values.astype(np.float64), 16).centroids
    assert reference.inertia(values, kmeans(values, 16)) <= 1.0001 * reference.inertia(values, np.array(best))


def test_256_clusters_of_many_values_are_better_than_scikit_learn_s(reference):
    values = drawn("laplace", 2 * EXACT)
    found = reference.inertia(values, kmeans(values, 256))
    model = KMeans(256, init=kmeans(values, 256)[:, None], n_init=1, max_iter=50).fit(values[:, None])
    # Started from ours, scikit-learn's iterations over every single value find hardly anything to improve.
    assert found <= 1.0001 * reference.inertia(values, model.cluster_centers_[:, 0])


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


def test_many_values_of_which_few_are_distinct():
    values = np.tile(np.array([0.5, -1, 0.5000001, 7], dtype=np.float32), EXACT)
    assert kmeans(values, 4).tolist() == np.unique(values).tolist()
    assert len(kmeans(values, 3)) == 3
