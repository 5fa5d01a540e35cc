"""BIRCH: a tree of small clusters, grown value by value, then the small clusters joined to ``k``.

Zhang, Ramakrishnan & Livny, "BIRCH: an efficient data clustering method for very large databases", SIGMOD 1996, section
4, as scikit-learn has it: Ward's method joins them. The values' standard deviation is the radius of ``8 * k`` small
clusters.
"""

import numpy as np
from sklearn.cluster import Birch  # type: ignore[import-untyped]

from edgecompress.compress.cluster.points import Values
from edgecompress.compress.cluster.sample import fewer_is_well, standardised


def birch(values: Values, k: int, *, seed: int = 0) -> Values:
    """The clusters' means for ``values``, shape (n,), or for 10,000 of them. See ``contract.RandomAlgorithm``."""
    sample = standardised(values, 10_000, seed=seed)
    with fewer_is_well():
        labels = Birch(n_clusters=k, threshold=1 / (8 * k)).fit(sample.x[:, None]).labels_
    used = np.flatnonzero(counts := np.bincount(labels))
    means = np.bincount(labels, weights=sample.x)[used] / counts[used]
    return np.unique(sample.back(means))
