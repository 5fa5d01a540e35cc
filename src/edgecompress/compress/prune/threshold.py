"""The exact k-th lowest of many scores, without joining them: a bracket from a sample, a partition of what is in it.

Floyd & Rivest, "Expected time bounds for selection", Communications of the ACM 18(3), 1975: the order statistics of a
random sample bracket the one that is looked for. Here the scores stay where they are, layer by layer, and are read once
in pieces that stay in the processor's cache; only those in the bracket, about one in a hundred, are copied.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
SAMPLE = 2**16
PIECE = 2**17
# Half the bracket, in standard deviations of the sample's order statistic. A miss costs another read, never exactness.
DEVIATIONS = 5.0


def kth_lowest(parts: Sequence[Scores], k: int) -> np.float32:
    """The ``k``-th lowest score of all ``parts`` together, in linear time.

    Args:
        parts: one array a layer, flat, without NaN; infinite scores are scores like others. None is changed or joined.
        k: from 1 (the lowest) to the number of all scores.
    """
    total = sum(part.size for part in parts)
    assert 1 <= k <= total, "there is no such score"
    if total <= 2 * SAMPLE:
        return _partitioned(np.concatenate(parts), k)
    low, high = _bracket(_sample(parts, total), k / total)
    while True:
        up_to_low, inside = _split(parts, low, high)
        if k <= up_to_low:
            if k > up_to_low - _equal(parts, low):
                return low
            low, high = np.float32(-np.inf), low
        elif k <= up_to_low + inside.size:
            return _partitioned(inside, k - up_to_low)
        elif k <= up_to_low + inside.size + _equal(parts, high):
            return high
        else:
            low, high = high, np.float32(np.inf)


def pieces(scores: Scores) -> Iterator[Scores]:
    """Views of ``scores`` one after the other, each small enough that several passes over it cost one read."""
    for start in range(0, scores.size, PIECE):
        yield scores[start : start + PIECE]


def count_below(scores: Scores, threshold: np.float32) -> int:
    """The number of scores that are less than ``threshold``."""
    return sum(int(np.count_nonzero(piece < threshold)) for piece in pieces(scores))


def count_equal(scores: Scores, threshold: np.float32) -> int:
    """The number of scores that equal ``threshold``."""
    return sum(int(np.count_nonzero(piece == threshold)) for piece in pieces(scores))


def _equal(parts: Sequence[Scores], value: np.float32) -> int:
    return sum(count_equal(part, value) for part in parts)


def _partitioned(scores: Scores, k: int) -> np.float32:
    """The ``k``-th lowest of an array that is nobody else's."""
    scores.partition(k - 1)
    lowest: np.float32 = scores[k - 1]
    return lowest


def _sample(parts: Sequence[Scores], total: int) -> Scores:
    """A sorted random sample; random, because weights may lie in any pattern that a stride would fall in step with."""
    places = np.sort(np.random.default_rng(0).integers(total, size=SAMPLE))
    starts = np.cumsum([0, *(part.size for part in parts)])
    cuts = np.searchsorted(places, starts)
    drawn = [part[places[a:b] - at] for part, at, a, b in zip(parts, starts, cuts, cuts[1:], strict=False)]
    return np.sort(np.concatenate(drawn))


def _bracket(sample: Scores, fraction: float) -> tuple[np.float32, np.float32]:
    """Two scores between which the one at ``fraction`` of all lies, but for one time in a million."""
    middle = fraction * SAMPLE
    half = DEVIATIONS * np.sqrt(fraction * (1 - fraction) * SAMPLE) + 1
    below, above = int(middle - half), int(middle + half)
    low = sample[below] if middle >= half else np.float32(-np.inf)
    high = sample[above] if above < SAMPLE else np.float32(np.inf)
    return low, high


def _split(parts: Sequence[Scores], low: np.float32, high: np.float32) -> tuple[int, Scores]:
    """The number of scores up to ``low``, and a copy of those between ``low`` and ``high``, both left out.

    Both are left out because they may be the score of very many weights: all that are pruned have the same.
    """
    up_to_low, inside = 0, []
    for part in parts:
        for piece in pieces(part):
            between = piece > low
            up_to_low += piece.size - int(np.count_nonzero(between))
            between &= piece < high
            inside.append(piece[between])
    return up_to_low, np.concatenate(inside)
