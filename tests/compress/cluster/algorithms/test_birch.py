import numpy as np

from edgecompress.compress.cluster.algorithms.birch import birch


def test_finds_hills_whatever_their_unit():
    generator = np.random.default_rng(0)
    hills = np.concatenate([generator.normal(place, 0.05, size=1000) for place in range(4)])
    for unit in (1e-6, 1.0, 1e6):
        assert np.allclose(birch((unit * hills).astype(np.float32), 4, seed=2) / unit, range(4), atol=0.05)


def test_centroids_are_means_of_values_not_of_small_clusters():
    values = np.concatenate([np.zeros(900), np.full(100, 0.02), np.full(500, 9.0), np.full(1, 9.5)]).astype(np.float32)
    low, high = birch(values, 2, seed=0)
    assert abs(low - 0.002) < 1e-6
    assert abs(high - (500 * 9.0 + 9.5) / 501) < 1e-5
