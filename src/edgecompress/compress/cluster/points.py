"""Many values as few weighted points: what one-dimensional clustering needs to know of them.

Clusters of values on a line are intervals, so an algorithm needs counts and sums between any two places and no single
value. 65,536 bins give those of ten million values in one pass and a few megabytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
Reals = NDArray[np.float64]

BINS = 1 << 16
EXACT = 1 << 18
"""Up to so many values are sorted: that takes milliseconds, and every distinct value is a point."""

CHUNK = 1 << 17
"""Values whose intermediate results stay in a processor's cache."""

_BINS_A_CLUSTER = 8
_ZOOMS = 4


@dataclass(frozen=True)
class Points:
    """Weighted points, ascending. Each array is float64 of shape (m,).

    Attributes:
        x: where the points are.
        weights: how many values each stands for.
        widths: over how wide an interval about ``x`` its values are spread evenly; 0 where all of them are ``x``.
    """

    x: Reals
    weights: Reals
    widths: Reals


def gather(values: Values, k: int) -> Points:
    """The points of ``values``: the distinct values where they are few, else bins fine enough for ``k`` clusters.

    Bins are of equal width over all values but for some in the tails, at most one in 500, that make them too wide:
    those are points of their own, so that no outlier spoils the bins. Where bins cannot tell ``k`` clusters apart even
    so (most values are alike, or of very different magnitudes), the values are sorted, which takes a copy of them.

    Args:
        values: shape (n,), n at least 1, finite.
        k: how many clusters the points are for.
    """
    if values.size > EXACT:
        binned = _binned(values)
        if binned is not None and _resolved(binned, k):
            return binned
    return distinct(values)


def distinct(values: Values) -> Points:
    """The distinct values and their numbers. ``values``: shape (n,)."""
    ordered = np.sort(values)
    starts = np.flatnonzero(np.diff(ordered, prepend=np.nan))
    x = ordered[starts].astype(np.float64)
    return Points(x, np.diff(starts, append=ordered.size).astype(np.float64), np.zeros(x.size))


def running(values: Reals) -> Reals:
    """The sums of the first 0, 1, ... of ``values``; shape (m,) gives (m + 1,)."""
    return np.concatenate([[0.0], np.cumsum(values)])


def _resolved(points: Points, k: int) -> bool:
    """Return whether no bin holds more than an eighth of what one of ``k`` clusters would.

    The best clusters have equal shares of the cube root of the density (Panter & Dite, "Quantization distortion in
    pulse-count modulation with nonuniform spacing of levels", Proc. IRE 39(1), 1951, equation 13).
    """
    shares = np.cbrt(points.weights[points.widths > 0])
    return bool(shares.size and _BINS_A_CLUSTER * k * shares.max() <= shares.sum())


def _binned(values: Values) -> Points | None:
    """Bins over the bulk of ``values`` and the other values as points; ``None`` where float32 cannot number them."""
    low, high = float(values.min()), float(values.max())
    tail = values.size >> 12
    for zoomed in range(_ZOOMS):
        width = (high - low) / BINS
        if not (width > float(np.finfo(np.float32).tiny) and high - low <= float(np.finfo(np.float32).max)):
            return None
        counts = _histogram(values, low, high, zoomed)
        upto = np.cumsum(counts)
        first, last = np.searchsorted(upto, [tail + 1, upto[-1] - tail])
        if last - first >= BINS // 8:
            break
        # float32 both, because they are compared with values.
        low, high = float(np.float32(low + first * width)), float(np.float32(low + (last + 1) * width))
    else:
        return None
    filled = np.flatnonzero(counts)
    middles = np.asarray(low + (filled + 0.5) * width, dtype=np.float64)
    bins = Points(middles, counts[filled].astype(np.float64), np.full(filled.size, width))
    if upto[-1] == values.size:
        return bins
    others = distinct(np.concatenate([part[(part < low) | (part > high)] for part in chunks(values)]))
    order = np.argsort(np.concatenate([bins.x, others.x]), kind="stable")
    pairs = ((bins.x, others.x), (bins.weights, others.weights), (bins.widths, others.widths))
    return Points(*(np.concatenate(pair)[order] for pair in pairs))


def chunks(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """``values`` in parts of at most ``CHUNK``."""
    return (values[start : start + CHUNK] for start in range(0, values.size, CHUNK))


def _histogram(values: Values, low: float, high: float, zoomed: int) -> NDArray[np.int64]:
    """The number of values from ``low`` to ``high`` in each of ``BINS`` bins of equal width.

    Without ``zoomed`` that is all of them, which saves looking.
    """
    counts = np.zeros(BINS, dtype=np.int64)
    # Rounded down, so that the highest value falls into the last bin and not behind it.
    scale = np.float32(BINS * (1 - 2.0**-22) / (high - low))
    places, bins = np.empty(CHUNK, dtype=np.float32), np.empty(CHUNK, dtype=np.intp)
    for part in chunks(values):
        inside = part[(part >= low) & (part <= high)] if zoomed else part
        place, number = places[: inside.size], bins[: inside.size]
        np.subtract(inside, np.float32(low), out=place)
        np.multiply(place, scale, out=place)
        np.copyto(number, place, casting="unsafe")
        counts += np.bincount(number, minlength=BINS)
    return counts
