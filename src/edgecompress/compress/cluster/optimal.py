"""The best clusters of weighted points on a line, by dynamic programming.

The clusters of ordered points are intervals, and the best intervals follow from those of fewer clusters (Wang & Song,
"Ckmeans.1d.dp: Optimal k-means Clustering in One Dimension by Dynamic Programming", The R Journal 3(2), 2011,
equation 1). The last interval never begins further left as points are added, so a divide and conquer finds m of them in
m log m steps (Grønlund et al., "Fast Exact k-Means, k-Medians and Bregman Divergence Clustering in 1D", 2017, section
2.2). All points at one depth of the division are computed together.
"""

from dataclasses import dataclass

import numpy as np

from edgecompress.compress.cluster.cells import Cuts, cells
from edgecompress.compress.cluster.points import Points, Reals, running

# Cells whose optimum is found whatever the points are: at least the first, and the second for each cluster.
_WHOLE, _WHOLE_A_CLUSTER = 2048, 8
# Then cells for each cluster, and how many of them a cut may move from where the coarser cells had it: the width of
# two clusters, then a quarter of one.
_FINER = ((32, 64), (128, 32))
_MOVES = 16


def best_centroids(points: Points, k: int) -> Reals:
    """The means of the ``k`` intervals of least inertia, ascending, shape (k,).

    They are the optimum where there are at most 2048 or ``8 * k`` points. More are joined to that many cells, and the
    cuts that are best for these are moved among finer cells, all at once and as often as one goes as far as it may.
    What Lloyd's iterations have to mend afterwards is less than a hundredth of a cluster.

    Args:
        points: at least ``k``.
        k: at least 1.
    """
    x = points.x - np.average(points.x, weights=points.weights)
    counts, sums = running(points.weights), running(points.weights * x)
    coarse = cells(points, max(_WHOLE, _WHOLE_A_CLUSTER * k))
    cuts = coarse[_optimum(_Costs(counts[coarse], sums[coarse]), min(k, coarse.size - 1))]
    if coarse.size <= points.x.size:
        for number, reach in _FINER:
            finer = np.union1d(cells(points, number * k), cuts)
            cuts = finer[_moved(_Costs(counts[finer], sums[finer]), np.searchsorted(finer, cuts), reach)]
    centroids: Reals = np.add.reduceat(points.weights * points.x, cuts[:-1]) / np.diff(counts[cuts])
    return centroids


@dataclass(frozen=True)
class _Costs:
    """The inertia of intervals of cells, but for the sum of squares, which no choice of cuts changes in all.

    ``counts`` and ``sums`` are those of all cells before each cut.
    """

    counts: Reals
    sums: Reals

    def __call__(self, starts: Cuts, ends: Cuts) -> Reals:
        """The costs of the intervals from ``starts`` to ``ends``, broadcast; infinite where there is nothing."""
        count = self.counts[ends] - self.counts[starts]
        total = self.sums[ends] - self.sums[starts]
        cost = np.full(count.shape, np.inf)
        np.divide(-total * total, count, out=cost, where=count > 0)
        return cost


def _optimum(cost: _Costs, k: int) -> Cuts:
    """The cuts of the best ``k`` intervals, shape (k + 1,): the first and the last are the ends."""
    size = cost.counts.size - 1
    best = cost(np.zeros(size + 1, dtype=np.intp), np.arange(size + 1))
    parents = np.zeros((k - 1, size + 1), dtype=np.min_scalar_type(size))
    for layer in range(k - 1):
        best, parents[layer] = _one_more(cost, best, layer + 1)
    cuts = [size]
    for parent in parents[::-1]:
        cuts.append(int(parent[cuts[-1]]))
    return np.array([0, *cuts[::-1]])


def _one_more(cost: _Costs, best: Reals, clusters: int) -> tuple[Reals, Cuts]:
    """The least costs of one interval more than ``clusters``, up to each cut, and where the last one begins."""
    size = best.size - 1
    costs, starts = np.full(size + 1, np.inf), np.zeros(size + 1, dtype=np.intp)
    step = 1 << (size.bit_length() - 1)
    while step:
        ends = np.arange(step, size + 1, 2 * step)
        # An interval begins between where those of the ends before and after begin, which are known.
        after = np.append(starts, size)[np.minimum(ends + step, size + 1)]
        most = np.minimum(after, ends - 1)
        least = np.minimum(np.maximum(starts[ends - step], clusters), most)
        lengths = most - least + 1
        firsts = np.cumsum(lengths) - lengths
        candidates = np.arange(firsts[-1] + lengths[-1]) + np.repeat(least - firsts, lengths)
        total = best[candidates] + cost(candidates, np.repeat(ends, lengths))
        costs[ends] = np.minimum.reduceat(total, firsts)
        equal = np.flatnonzero(total == np.repeat(costs[ends], lengths))
        starts[ends] = candidates[equal[np.searchsorted(equal, firsts)]]
        step //= 2
    return costs, starts


def _moved(cost: _Costs, cuts: Cuts, reach: int) -> Cuts:
    """The best cuts with none more than ``reach`` from where it is; again from there where one went that far."""
    size, offsets = cost.counts.size - 1, np.arange(-reach, reach + 1)
    for _ in range(_MOVES):
        windows = [np.clip(cut + offsets, 1, size - 1) for cut in cuts[1:-1]]
        best, places, parents = np.zeros(1), np.zeros(1, dtype=np.intp), []
        for window in [*windows, cuts[-1:]]:
            total = best[:, None] + cost(places[:, None], window[None, :])
            parents.append(total.argmin(axis=0))
            best, places = total[parents[-1], np.arange(window.size)], window
        place, chosen = int(parents[-1][0]), [size]
        for window, parent in zip(windows[::-1], parents[-2::-1], strict=True):
            chosen.append(int(window[place]))
            place = int(parent[place])
        moved = np.array([0, *chosen[::-1]])
        furthest, cuts = np.abs(moved - cuts).max(), moved
        if furthest < reach:
            break
    return cuts
