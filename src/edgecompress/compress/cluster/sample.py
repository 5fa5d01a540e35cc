"""A sample of the values, for algorithms that take no weights or are slow."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]

from edgecompress.compress.cluster.points import Reals, Values


@dataclass(frozen=True)
class Sample:
    """Values in units in which their mean is 0 and their standard deviation 1: ``x``, float64 of shape (m,).

    Tolerances of scikit-learn are absolute, and weights are small.
    """

    x: Reals
    mean: float
    scale: float

    def back(self, x: Reals) -> Values:
        """Convert from these units to those of the values."""
        return (self.mean + self.scale * x).astype(np.float32)


def standardised(values: Values, most: int, *, seed: int) -> Sample:
    """All of ``values``, shape (n,), or ``most`` that are drawn from them with replacement, standardised."""
    drawn = values
    if values.size > most:
        drawn = values[np.random.default_rng(seed).integers(0, values.size, most)]
    x = drawn.astype(np.float64)
    mean, scale = float(x.mean()), float(x.std()) or 1.0
    return Sample((x - mean) / scale, mean, scale)


@contextmanager
def fewer_is_well() -> Iterator[None]:
    """scikit-learn's warnings silenced that iterations were too few or clusters fewer than ``k``: both are allowed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
