import numpy as np
from sklearn.cluster import KMeans

from edgecompress.compress.cluster.algorithms.lloyd_density import lloyd_density


def test_is_scikit_learn_s_from_equal_quantiles():
    values = np.random.default_rng(0).laplace(size=5000).astype(np.float32)
    start = np.quantile(values, (np.arange(8) + 0.5) / 8)[:, None]
    model = KMeans(8, init=start, n_init=1, tol=0).fit(values[:, None])
    assert np.allclose(lloyd_density(values, 8), model.cluster_centers_[:, 0], atol=1e-2)


def test_a_value_that_is_most_of_them_is_one_start():
    values = np.append(np.full(900, 0.5), np.arange(100)).astype(np.float32)
    # Seven of the eight quantiles are that value, and the last is 50.
    assert len(lloyd_density(values, 8)) == 2
