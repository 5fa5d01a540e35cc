import numpy as np

from edgecompress.compress.cluster.algorithms.lloyd_random import lloyd_random


def test_seeds_lead_to_different_local_optima_and_none_below_the_optimum(reference):
    values = np.random.default_rng(0).laplace(size=600).astype(np.float32)
    found = [reference.inertia(values, lloyd_random(values, 12, seed=seed)) for seed in range(6)]
    assert len(set(found)) > 1
    assert min(found) >= reference.optimum(values, 12) * (1 - 1e-6)
    assert max(found) < 10 * min(found)


def test_it_starts_with_values_as_likely_as_they_are_many():
    # Two values far apart, one of them a thousand times as often: two random starts lie in the crowd.
    values = np.append(np.linspace(0, 1, 10_000), np.linspace(100, 101, 10)).astype(np.float32)
    centroids = [lloyd_random(values, 2, seed=seed) for seed in range(5)]
    assert all(centroid[0] < 1 for centroid in centroids)
