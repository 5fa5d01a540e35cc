"""Mini-batch k-means: centroids that move a little towards each of many small random batches.

Sculley, "Web-scale k-means clustering", WWW 2010, algorithm 1, as scikit-learn has it.
"""

import numpy as np
from sklearn.cluster import MiniBatchKMeans  # type: ignore[import-untyped]

from edgecompress.compress.cluster.points import Values
from edgecompress.compress.cluster.sample import fewer_is_well, standardised


def mini_batch(values: Values, k: int, *, seed: int = 0) -> Values:
    """Centroids of ``values``, shape (n,), or of 100,000 of them. See ``contract.RandomAlgorithm``."""
    sample = standardised(values, 100_000, seed=seed)
    with fewer_is_well():
        model = MiniBatchKMeans(k, n_init=1, random_state=seed).fit(sample.x[:, None])
    return np.unique(sample.back(model.cluster_centers_[:, 0]))
