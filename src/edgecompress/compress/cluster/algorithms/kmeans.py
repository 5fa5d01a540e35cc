"""k-means in one dimension: the optimum by dynamic programming on weighted points, then Lloyd's iterations.

The optimum where there are at most 2048 or ``8 * k`` distinct values. Beyond that what is exact are cells, a hundredth
of a cluster each (``cluster/optimal.py``), and the inertia is within 1.0001 of the optimum for values as weights are;
benchmarks/cluster.py and the tests measure it. Extra memory is a few megabytes, whatever the number of values, but
where bins do not do (``cluster/points.py``).
"""

import numpy as np

from edgecompress.compress.cluster.lloyd import lloyd
from edgecompress.compress.cluster.optimal import best_centroids
from edgecompress.compress.cluster.points import Values, gather

# What is left to move is less than a hundredth of a cluster; more iterations change the seventh digit of the inertia.
_POLISH = 50


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
    centroids = lloyd(points, best_centroids(points, k), iterations=_POLISH)
    # Rounded to float32, a mean can leave the values it is of by half a unit in the last place.
    return np.unique(np.clip(centroids.astype(np.float32), values.min(), values.max()))
