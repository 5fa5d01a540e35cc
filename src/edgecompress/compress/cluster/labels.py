"""The nearest centroid of each value, and the sum of squared distances to them."""

import numpy as np
from numpy.typing import NDArray

from edgecompress.compress.cluster.points import CHUNK, Values, chunks

_BINS = 1 << 15
_SEVERAL = -1


def nearest(values: Values, centroids: Values) -> NDArray[np.uint8 | np.uint16 | np.uint32]:
    """The index of the centroid that each value is nearest to; between two, of the lower.

    A table over bins answers for all values but those whose bin holds a boundary between two centroids.

    Args:
        values: shape (n,), finite.
        centroids: ascending, shape (k,).

    Returns:
        Shape (n,), of the smallest unsigned type that holds ``k - 1``.
    """
    # Half each, because the sum of two can be more than float32 holds.
    middles = (centroids[:-1] / 2 + centroids[1:] / 2).astype(np.float32)
    labels = np.empty(values.size, dtype=np.min_scalar_type(centroids.size - 1))
    if values.size < _BINS or not _spread(middles):
        for part, out in zip(chunks(values), chunks(labels), strict=True):
            out[:] = np.searchsorted(middles, part)
        return labels
    low, scale = middles[0], np.float32((_BINS - 1) / (middles[-1] - middles[0]))
    places, bins = np.empty(CHUNK, dtype=np.float32), np.empty(CHUNK, dtype=np.intp)

    def numbered(part: Values) -> NDArray[np.intp]:
        # The same operations for boundaries as for values: none is ever on another side of a bin's edge by rounding.
        place, number = places[: part.size], bins[: part.size]
        np.subtract(part, low, out=place)
        np.multiply(place, scale, out=place)
        np.clip(place, 0, _BINS - 1, out=place)
        np.copyto(number, place, casting="unsafe")
        return number

    boundaries = np.bincount(numbered(middles), minlength=_BINS)
    table = np.where(boundaries > 0, _SEVERAL, np.cumsum(boundaries)).astype(np.int32)
    for part, out in zip(chunks(values), chunks(labels), strict=True):
        found = table.take(numbered(part))
        unclear = np.flatnonzero(found == _SEVERAL)
        found[unclear] = np.searchsorted(middles, part[unclear])
        out[:] = found
    return labels


def _spread(middles: Values) -> bool:
    """Return whether there are boundaries, and float32 can number the bins between them."""
    if middles.size < 2:
        return False
    width = (float(middles[-1]) - float(middles[0])) / _BINS
    return bool(width > np.finfo(np.float32).tiny and width * _BINS < np.finfo(np.float32).max)


def inertia(values: Values, centroids: Values) -> float:
    """The sum of the squared distances from each value, shape (n,), to the nearest of the ascending centroids."""
    total = 0.0
    for part, label in zip(chunks(values), chunks(nearest(values, centroids)), strict=True):
        total += float(np.square(part.astype(np.float64) - centroids[label]).sum())
    return total
