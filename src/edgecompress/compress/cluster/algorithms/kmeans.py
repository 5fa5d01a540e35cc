"""k-means in one dimension: dynamic programming on a coarse grid of cells, then Lloyd's iterations on all values.

In one dimension the clusters of sorted values are intervals, and the best intervals follow from those of fewer clusters
(Wang & Song, "Ckmeans.1d.dp", The R Journal 3(2), 2011, equation 1). On cells instead of values that takes
milliseconds and starts Lloyd's iterations (Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28(2),
1982) next to the optimum, where neither random nor linear starts do. One iteration is k binary searches.
"""

import numpy as np
from numpy.typing import NDArray

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
    bounds = _best_intervals(_cells(ordered, k), sums, k)
    for _ in range(ITERATIONS):
        centroids = np.diff(sums[bounds]) / np.diff(bounds)
        # Needles of the array's own dtype: others make searchsorted cast the whole array at every call.
        middles = ((centroids[1:] + centroids[:-1]) / 2).astype(ordered.dtype)
        moved = np.unique(np.concatenate([[0], np.searchsorted(ordered, middles), [ordered.size]]))
        if np.array_equal(moved, bounds):
            break
        bounds = moved
    # Rounded to float32, a mean can leave the values it is of by half a unit in the last place.
    centroids = np.diff(sums[bounds]) / np.diff(bounds)
    return np.unique(np.clip(centroids.astype(np.float32), ordered[0], ordered[-1]))


def _cells(ordered: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Positions that cut the sorted values into cells.

    Half of the cells are of equal width, which resolves the tails, and half of equal count, which resolves the bulk
    whatever outliers do to the range.
    """
    half = min(512, max(128, 4 * k))
    edges = np.linspace(ordered[0], ordered[-1], half + 1)[1:-1].astype(ordered.dtype)
    by_count = np.linspace(0, ordered.size, half + 1).astype(np.int64)
    return np.unique(np.concatenate([np.searchsorted(ordered, edges), by_count]))


def _best_intervals(cells: NDArray[np.int64], sums: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """The cuts among ``cells`` that make at most ``k`` intervals of least inertia."""
    count = cells[None, :] - cells[:, None]
    total = sums[cells][None, :] - sums[cells][:, None]
    # The inertia of an interval is its sum of squares, which no choice of cuts changes in all, less total**2 / count.
    cost = np.full(count.shape, np.inf)
    np.divide(-(total**2), count, out=cost, where=count > 0)
    best, parents = cost[0], []
    for _ in range(min(k, len(cells) - 1) - 1):
        candidates = best[:, None] + cost
        parents.append(candidates.argmin(axis=0))
        best = candidates[parents[-1], np.arange(len(cells))]
    cuts = [len(cells) - 1]
    for parent in reversed(parents):
        cuts.append(int(parent[cuts[-1]]))
    chosen: NDArray[np.int64] = cells[np.unique([0, *cuts])]
    return chosen
