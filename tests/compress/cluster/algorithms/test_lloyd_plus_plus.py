import numpy as np

from edgecompress.compress.cluster.algorithms.lloyd_plus_plus import lloyd_plus_plus
from edgecompress.compress.cluster.algorithms.lloyd_random import lloyd_random


def test_careful_seeding_finds_far_clusters_that_random_values_miss(reference):
    generator = np.random.default_rng(0)
    hills = np.concatenate([generator.normal(100 * place, 1, size=5000 // 4**place) for place in range(5)])
    values = hills.astype(np.float32)
    found = lloyd_plus_plus(values, 5, seed=0)
    assert np.allclose(found, [0, 100, 200, 300, 400], atol=2)
    best = reference.inertia(values, found)
    assert all(reference.inertia(values, lloyd_random(values, 5, seed=seed)) > 10 * best for seed in range(3))


def test_bins_have_their_weights(reference):
    values = np.random.default_rng(1).laplace(size=300_000).astype(np.float32)
    best = min(reference.inertia(values, lloyd_plus_plus(values, 8, seed=seed)) for seed in range(3))
    # Panter & Dite's asymptote for a Laplace density of scale 1 is 9 / k^2 a value, and eight clusters cost less.
    assert best / values.size < 9 / 64
