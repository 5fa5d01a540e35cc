"""Lloyd's iterations on weighted points: each centroid becomes the mean of the values that it is nearest to.

Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28(2), 1982, method I. On a line an iteration is a
binary search for each centroid in running sums, whatever the number of values.
"""

import numpy as np

from edgecompress.compress.cluster.points import Points, Reals, running

ITERATIONS = 300
_STILL = 1e-7


def lloyd(points: Points, centroids: Reals, *, iterations: int = ITERATIONS) -> Reals:
    """The centroids that Lloyd's iterations lead to.

    Args:
        points: what is clustered. A boundary between two centroids divides a point that has a width.
        centroids: ascending, shape (k,); where to begin.
        iterations: most. Fewer where no centroid moves by more than 1e-7 of their mean distance.

    Returns:
        Ascending centroids, shape (at most k,): those that end without values are left out.
    """
    counts, sums = running(points.weights), running(points.weights * points.x)
    ends = points.x + points.widths / 2
    still = _STILL * (points.x[-1] - points.x[0]) / centroids.size
    for _ in range(iterations):
        middles = (centroids[1:] + centroids[:-1]) / 2
        place = np.minimum(np.searchsorted(ends, middles), points.x.size - 1)
        width = points.widths[place]
        # The fraction of the point that lies below the boundary; its mean lies below the point's own.
        below = np.divide(middles - ends[place] + width, width, out=np.zeros(middles.size), where=width > 0)
        below = np.clip(below, 0.0, 1.0)
        part = below * points.weights[place]
        members = np.diff(counts[place] + part, prepend=0.0, append=counts[-1])
        upto = sums[place] + part * (points.x[place] - (1.0 - below) * width / 2)
        total = np.diff(upto, prepend=0.0, append=sums[-1])
        before = centroids
        centroids = np.divide(total, members, out=before.copy(), where=members > 0)
        if np.abs(centroids - before).max() <= still:
            break
    return np.unique(centroids[members > 0]) if iterations else centroids
