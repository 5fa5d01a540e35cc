"""Ward's agglomerative clustering: the two clusters whose union adds least inertia are joined, until ``k`` are left.

Ward, "Hierarchical grouping to optimize an objective function", J. Am. Stat. Assoc. 58(301), 1963. On a line those two
are always neighbours, so a queue of neighbours finds them; scikit-learn's takes no weights, and a matrix of all pairs.
"""

import heapq

import numpy as np

from edgecompress.compress.cluster.cells import cells
from edgecompress.compress.cluster.points import Values, gather

_CELLS = 1 << 14


def ward(values: Values, k: int) -> Values:
    """The clusters' means for ``values``, shape (n,), joined to 16,384 cells first. See ``contract.Algorithm``."""
    points = gather(values, k)
    starts = cells(points, max(_CELLS, k))[:-1]
    counts = np.add.reduceat(points.weights, starts).tolist()
    means = (np.add.reduceat(points.weights * points.x, starts) / counts).tolist()
    size = len(counts)
    left, right = list(range(-1, size - 1)), list(range(1, size + 1))

    def added(a: int, b: int) -> float:
        return float(counts[a] * counts[b] / (counts[a] + counts[b]) * (means[b] - means[a]) ** 2)

    # A cluster is known by its first cell. An entry is stale when one of its two has grown: then its counts differ.
    queue = [(added(a, a + 1), a, a + 1, counts[a], counts[a + 1]) for a in range(size - 1)]
    heapq.heapify(queue)
    alive = size
    while alive > k:
        _, a, b, count_a, count_b = heapq.heappop(queue)
        if counts[a] != count_a or counts[b] != count_b:
            continue
        means[a] = (count_a * means[a] + count_b * means[b]) / (count_a + count_b)
        counts[a], counts[b] = count_a + count_b, 0.0
        right[a] = right[b]
        if right[a] < size:
            left[right[a]] = a
        alive -= 1
        for first, second in ((left[a], a), (a, right[a])):
            if first >= 0 and second < size:
                heapq.heappush(queue, (added(first, second), first, second, counts[first], counts[second]))
    kept = [mean for mean, count in zip(means, counts, strict=True) if count]
    return np.unique(np.array(kept, dtype=np.float32))
