"""The validation split: the same samples in every run, on every machine, with every version of NumPy.

``RandomState`` is used on purpose: NumPy promises never to change its streams, and makes no such promise for
``default_rng``.
"""

import numpy as np
from numpy.typing import NDArray

SEED = 20220
Indices = NDArray[np.intp]


def stratified(y: NDArray[np.int64], fraction: float, seed: int = SEED) -> tuple[Indices, Indices]:
    """Indices that cut ``fraction`` of every class of ``y`` (N,) off: the rest, and what is cut off, both ascending."""
    random = np.random.RandomState(seed)
    cut = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        cut[random.permutation(members)[: max(1, round(fraction * len(members)))]] = True
    return np.flatnonzero(~cut), np.flatnonzero(cut)


def by_group(groups: NDArray[np.int64], fraction: float, seed: int = SEED) -> tuple[Indices, Indices]:
    """Indices that cut ``fraction`` of the distinct ``groups`` (N,) off whole: the rest, and what is cut off.

    Windows of one person resemble each other, so a person on both sides would make validation look better than it is.
    """
    distinct = np.unique(groups)
    chosen = np.random.RandomState(seed).permutation(distinct)[: max(1, round(fraction * len(distinct)))]
    cut = np.isin(groups, chosen)
    return np.flatnonzero(~cut), np.flatnonzero(cut)
