"""k-means in one dimension: Lloyd's iterations on sorted values.

Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28(2), 1982. The clusters of sorted values are
intervals, so an iteration costs k binary searches on prefix sums, whatever the number of values. The start is the
asymptotically optimal one: boundaries at equal steps of the integral of density**(1/3) (Panter & Dite, "Quantization
distortion in pulse-count modulation with nonuniform spacing of levels", Proc. IRE 39(1), 1951).
"""

import numpy as np
from numpy.typing import NDArray

BINS = 4096
ITERATIONS = 300


def kmeans(values: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Centroids of ``values``.

    Args:
        values: shape (n,), finite.
        k: how many centroids at most, at least 1.

    Returns:
        Ascending centroids, shape (at most k,): fewer where there are fewer distinct values. Deterministic.
    """
    ordered = np.sort(values)
    distinct = ordered[np.flatnonzero(np.diff(ordered, prepend=np.nan))]
    if distinct.size <= k:
        return distinct
    # Sums of float32 lose the small differences that decide between neighbouring clusters.
    sums = np.concatenate([[0.0], np.cumsum(ordered, dtype=np.float64)])
    centroids = _start(ordered, k)
    edges = np.empty(0, dtype=np.int64)
    for _ in range(ITERATIONS):
        # Needles of the array's own dtype: others make searchsorted cast the whole array at every call.
        middles = ((centroids[1:] + centroids[:-1]) / 2).astype(ordered.dtype)
        bounds = np.concatenate([[0], np.searchsorted(ordered, middles), [ordered.size]])
        if np.array_equal(bounds, edges):
            break
        edges = bounds
        counts = np.diff(edges)
        filled = counts > 0
        centroids[filled] = np.diff(sums[edges])[filled] / counts[filled]
        centroids.sort()
    return np.unique(centroids[np.diff(edges) > 0].astype(np.float32))


def _start(ordered: NDArray[np.float32], k: int) -> NDArray[np.float64]:
    """Centres of k intervals of equal mass of density**(1/3), from a histogram."""
    counts, edges = np.histogram(ordered, bins=BINS, range=(float(ordered[0]), float(ordered[-1])))
    mass = np.concatenate([[0.0], np.cumsum(np.cbrt(counts))])
    centres: NDArray[np.float64] = np.interp((np.arange(k) + 0.5) / k * mass[-1], mass, edges)
    return centres
