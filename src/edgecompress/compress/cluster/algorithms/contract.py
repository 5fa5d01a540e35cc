"""The contract of a clustering algorithm: one function from values and a count to centroids."""

from typing import Protocol

from edgecompress.compress.cluster.points import Values


class Algorithm(Protocol):
    """An algorithm that finds at most ``k`` centroids for ``values``; every value is then replaced by the nearest.

    ``values`` has shape (n,), is finite and holds more than ``k`` distinct numbers: fewer are their own centroids, and
    no algorithm is asked. ``k`` is at least 1. The result is ascending, without repetition, of shape (at most k,). An
    algorithm is deterministic; one that draws random numbers takes a keyword-only ``seed``, and the same seed gives the
    same centroids.

    Millions of values are few points (``cluster/points.py``): where an algorithm of scikit-learn takes no weights, it
    is given a sample (``cluster/sample.py``).
    """

    def __call__(self, values: Values, k: int) -> Values:
        """Find the centroids."""
        ...


class RandomAlgorithm(Protocol):
    """An ``Algorithm`` that draws random numbers."""

    def __call__(self, values: Values, k: int, *, seed: int = 0) -> Values:
        """Find the centroids that ``seed`` leads to."""
        ...
