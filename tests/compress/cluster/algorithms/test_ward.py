import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering

from edgecompress.compress.cluster.algorithms.ward import ward


@pytest.mark.parametrize("k", [1, 2, 7, 40])
@pytest.mark.parametrize("kind", ["normal", "laplace", "uniform"])
def test_is_scikit_learn_s_agglomerative_clustering(kind, k):
    generator = np.random.default_rng(k)
    values = getattr(generator, kind)(size=400).astype(np.float32)
    labels = AgglomerativeClustering(k, linkage="ward").fit(values[:, None].astype(np.float64)).labels_
    expected = np.sort([values[labels == label].mean(dtype=np.float64) for label in range(k)])
    assert np.allclose(ward(values, k), expected, atol=1e-6)


def test_a_repeated_value_counts_as_often_as_it_is_there():
    generator = np.random.default_rng(1)
    values = np.repeat(generator.normal(size=60), generator.integers(1, 9, 60)).astype(np.float32)
    labels = AgglomerativeClustering(6, linkage="ward").fit(values[:, None].astype(np.float64)).labels_
    expected = np.sort([values[labels == label].mean(dtype=np.float64) for label in range(6)])
    assert np.allclose(ward(values, 6), expected, atol=1e-6)
