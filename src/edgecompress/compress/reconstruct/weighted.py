"""k-means of values that do not matter equally: exact, by the points of ``cluster/algorithms/kmeans``."""

import numpy as np

from edgecompress.compress.cluster.lloyd import lloyd
from edgecompress.compress.cluster.optimal import best_centroids
from edgecompress.compress.cluster.points import Points, Reals

CELLS = 1 << 16


def weighted_kmeans(values: Reals, weights: Reals, k: int) -> Reals:
    """The centroids of least weighted inertia.

    Args:
        values: shape (n,), n at least 1, finite.
        weights: of each value, that shape, above 0.
        k: how many centroids at most.

    Returns:
        Ascending, shape (at most k,).
    """
    order = np.argsort(values, kind="stable")
    x, mass = values[order], weights[order]
    firsts = np.flatnonzero(np.diff(x, prepend=np.nan))
    if firsts.size > CELLS:  # neighbours in the order become one point; a cell is a hundredth of a cluster or less
        firsts = firsts[np.linspace(0, firsts.size, CELLS, endpoint=False).astype(np.intp)]
    masses = np.add.reduceat(mass, firsts)
    middles = np.clip(np.add.reduceat(mass * x, firsts) / masses, x[0], x[-1])
    points = Points(middles, masses, np.zeros(firsts.size))
    if firsts.size <= k:
        return middles
    return lloyd(points, best_centroids(points, k), iterations=50)
