"""References: what the best clusters cost, by programs that are not ours."""

import numpy as np
import pytest


def optimum(values, k: int) -> float:
    """The least inertia of ``k`` clusters of the values, by dynamic programming over all intervals: k n^2 steps."""
    ordered = np.sort(values.astype(np.float64))
    n = len(ordered)
    sums, squares = (np.concatenate([[0.0], np.cumsum(part)]) for part in (ordered, ordered**2))
    best = np.full(n + 1, np.inf)
    best[0] = 0.0
    for _ in range(k):
        ends = [0.0]
        for end in range(1, n + 1):
            count = np.arange(end, 0, -1)
            total = sums[end] - sums[:end]
            ends.append(np.min(best[:end] + squares[end] - squares[:end] - total**2 / count))
        best = np.array(ends)
    return float(best[n])


def brute_force(values, k: int) -> float:
    """The least inertia over all ways to cut the sorted values into at most ``k`` intervals."""
    from itertools import combinations

    ordered = np.sort(values.astype(np.float64))
    costs = []
    for cuts in combinations(range(1, len(ordered)), min(k, len(ordered)) - 1):
        costs.append(sum(((part - part.mean()) ** 2).sum() for part in np.split(ordered, cuts)))
    return float(min(costs))


def inertia(values, centroids) -> float:
    """The squared distances of all values to their nearest centroid, compared with every centroid."""
    parts = np.array_split(values.astype(np.float64), max(1, len(values) // 10_000))
    return float(sum((np.abs(part[:, None] - centroids.astype(np.float64)) ** 2).min(1).sum() for part in parts))


@pytest.fixture(scope="session")
def reference():
    class Reference:
        optimum = staticmethod(optimum)
        brute_force = staticmethod(brute_force)
        inertia = staticmethod(inertia)

    return Reference


@pytest.fixture
def sparse():
    """Weights of any shape, most of them zero."""
    import torch

    def make(*shape: int, seed: int = 1) -> torch.Tensor:
        weight = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        weight[weight.abs() < 0.8] = 0
        return weight

    return make
