"""Lloyd's iterations from values drawn one by one, likely in proportion to their squared distance from those drawn.

Arthur & Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007, section 2.2, in scikit-learn's greedy
variant, which tries several candidates for each centroid.
"""

import numpy as np
from sklearn.cluster import kmeans_plusplus  # type: ignore[import-untyped]

from edgecompress.compress.cluster.lloyd import lloyd
from edgecompress.compress.cluster.points import Values, gather


def lloyd_plus_plus(values: Values, k: int, *, seed: int = 0) -> Values:
    """Centroids of ``values``, shape (n,). See ``contract.RandomAlgorithm``."""
    points = gather(values, k)
    drawn, _ = kmeans_plusplus(points.x[:, None], k, sample_weight=points.weights, random_state=seed)
    return lloyd(points, np.sort(drawn[:, 0])).astype(np.float32)
