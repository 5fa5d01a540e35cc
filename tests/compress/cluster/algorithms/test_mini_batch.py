import numpy as np

from edgecompress.compress.cluster.algorithms.mini_batch import mini_batch


def test_finds_hills_whatever_their_unit():
    generator = np.random.default_rng(0)
    hills = np.concatenate([generator.normal(place, 0.05, size=3000) for place in range(4)])
    for unit in (1e-6, 1.0, 1e6):
        assert np.allclose(mini_batch((unit * hills).astype(np.float32), 4, seed=2) / unit, range(4), atol=0.05)
