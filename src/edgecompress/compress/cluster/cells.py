"""Cells: points joined to fewer, each of them a like part of a cluster."""

import numpy as np
from numpy.typing import NDArray

from edgecompress.compress.cluster.points import Points, Reals

Cuts = NDArray[np.intp]

_ROUNDS = 8


def cells(points: Points, number: int) -> Cuts:
    """The boundaries of about ``number`` cells: indices of points, ascending from 0 to their number.

    The best clusters have equal shares of the cube root of the density (Panter & Dite 1951, equation 13), and so have
    the cells, in as far as points are not divided. Where there are no more than ``number`` points, each is a cell.
    """
    size = points.x.size
    if size <= number:
        return np.arange(size + 1)
    upto = np.cumsum(_shares(points, number))
    inner = np.searchsorted(upto, np.linspace(0.0, upto[-1], number + 1)[1:-1]) + 1
    return np.unique(np.concatenate([[0], np.minimum(inner, size), [size]]))


def _shares(points: Points, number: int) -> Reals:
    """The cube root of each point's density, times the width that is its own.

    A far outlier's gap to its neighbour would outweigh all else, and still it is one point: no share is larger than a
    cell, or hardly.
    """
    shares: Reals = np.cbrt(points.weights * np.gradient(points.x) ** 2)
    for _ in range(_ROUNDS):
        shares = np.minimum(shares, shares.sum() / number)
    return shares
