"""k-means in one dimension: the optimum by dynamic programming on weighted points, then Lloyd's iterations.

Exact up to 512 distinct values. Beyond that the points are cells finer than a hundredth of a cluster, and Lloyd's
iterations (``cluster/lloyd.py``) leave an inertia within 1.0001 of the optimum; see ``cluster/optimal.py``.
"""

import numpy as np

from edgecompress.compress.cluster.lloyd import lloyd
from edgecompress.compress.cluster.optimal import best_centroids
from edgecompress.compress.cluster.points import Values, gather


def kmeans(values: Values, k: int) -> Values:
    """Centroids of ``values`` of least inertia.

    Args:
        values: shape (n,), finite.
        k: how many centroids at most, at least 1.

    Returns:
        Ascending centroids, shape (at most k,): fewer where there are fewer distinct values. Deterministic.
    """
    points = gather(values, k)
    if points.x.size <= k:
        return points.x.astype(np.float32)
    centroids = lloyd(points, best_centroids(points, k))
    # Rounded to float32, a mean can leave the values it is of by half a unit in the last place.
    return np.unique(np.clip(centroids.astype(np.float32), values.min(), values.max()))
