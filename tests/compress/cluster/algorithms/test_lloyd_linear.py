import numpy as np
from sklearn.cluster import KMeans

from edgecompress.compress.cluster.algorithms.lloyd_linear import lloyd_linear


def test_is_scikit_learn_s_from_the_same_start():
    values = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    start = np.linspace(values.min(), values.max(), 8)[:, None]
    model = KMeans(8, init=start, n_init=1, tol=0).fit(values[:, None])
    assert np.allclose(lloyd_linear(values, 8), model.cluster_centers_[:, 0], atol=1e-3)


def test_a_gap_in_the_middle_leaves_centroids_without_values():
    values = np.concatenate([np.linspace(-1, -0.9, 50), np.linspace(0.9, 1, 50)]).astype(np.float32)
    assert len(lloyd_linear(values, 16)) < 16
