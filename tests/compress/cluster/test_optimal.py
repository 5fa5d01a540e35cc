import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgecompress.compress.cluster.optimal import best_centroids
from edgecompress.compress.cluster.points import Points, distinct


@settings(max_examples=200)
@given(
    hnp.arrays(np.float32, st.integers(1, 10), elements=st.integers(-50, 50).map(float)),
    st.integers(1, 5),
)
def test_is_the_best_of_all_ways_to_cut_a_few_values(reference, values, k):
    points = distinct(values)
    centroids = best_centroids(points, min(k, points.x.size))
    assert reference.inertia(values, centroids) == pytest.approx(reference.brute_force(values, k), abs=1e-9)


def test_a_weight_counts_as_so_many_values(reference):
    generator = np.random.default_rng(2)
    x, weights = np.sort(generator.normal(size=60)), generator.integers(1, 9, 60)
    repeated = np.repeat(x, weights)
    centroids = best_centroids(Points(x, weights.astype(np.float64), np.zeros(60)), 7)
    assert reference.inertia(repeated, centroids) == pytest.approx(reference.optimum(repeated, 7), rel=1e-9)


@pytest.mark.parametrize("k", [2, 7, 40])
def test_joined_to_cells_it_is_hardly_off(reference, k):
    generator = np.random.default_rng(3)
    # Far apart and of different densities, so that the clusters of one must be weighed against those of the other.
    values = np.concatenate([generator.normal(size=1600), generator.laplace(30, 5, size=1400)]).astype(np.float32)
    centroids = best_centroids(distinct(values), k)
    assert reference.inertia(values, centroids) <= 1.0005 * reference.optimum(values, k)


def test_far_from_zero_nothing_is_lost(reference):
    values = (1e4 + np.random.default_rng(4).normal(size=300)).astype(np.float32)
    centroids = best_centroids(distinct(values), 5)
    shifted = values.astype(np.float64) - 1e4
    assert reference.inertia(shifted, centroids - 1e4) == pytest.approx(reference.optimum(shifted, 5), rel=1e-6)
