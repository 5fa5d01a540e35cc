import numpy as np

from edgecompress.compress.cluster.algorithms.gaussian_mixture import gaussian_mixture


def test_finds_the_means_of_normal_distributions_that_overlap():
    generator = np.random.default_rng(0)
    values = np.concatenate([generator.normal(-1, 1, size=8000), generator.normal(3, 0.5, size=8000)])
    for unit in (1e-6, 1.0):
        means = gaussian_mixture((unit * values).astype(np.float32), 2, seed=0) / unit
        # Means of what is nearest would be pushed apart, and so would those of scikit-learn's KMeans.
        assert np.allclose(means, [-1, 3], atol=0.1)
