"""Contract checks of a clustering algorithm; see ``compress/cluster/algorithms/contract.py``."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edgecompress import methods
from edgecompress.compress.cluster.points import Values
from edgecompress.testing.expect import expect

KINDS = ("weights", "pruned", "positive", "negative", "offset", "tiny", "large", "outlier", "rounded")
"""Of values that an algorithm must get along with."""


def values_of(kind: str) -> Values:
    """Some hundreds or thousands of values, float32, of one of ``KINDS``; always the same."""
    generator = np.random.default_rng(7)
    drawn: dict[str, Callable[[], npt.NDArray[Any]]] = {
        "weights": lambda: 0.02 * generator.laplace(size=3000),
        "pruned": lambda: generator.choice([-1, 1], 3000) * (1.5 + generator.exponential(size=3000)),
        "positive": lambda: np.abs(generator.normal(size=500)),
        "negative": lambda: -1 - np.abs(generator.normal(size=500)),
        "offset": lambda: 1000 + generator.normal(size=500),
        "tiny": lambda: 1e-30 * generator.normal(size=500),
        "large": lambda: 1e30 * generator.normal(size=500),
        "outlier": lambda: np.append(generator.normal(size=500), 1e6),
        "rounded": lambda: np.round(generator.normal(size=3000), 1),
    }
    return drawn[kind]().astype(np.float32)


def check_clustering(algorithm: Callable[..., Values], kind: str | None = None) -> None:
    """Make sure that ``algorithm`` finds few ascending centroids, the same ones for the same values and seed.

    Args:
        algorithm: takes values (n,) and how many centroids there may be, and ``seed=`` where it draws.
        kind: of the values; all of ``KINDS`` by default.

    Raises:
        AssertionError: it breaks its contract.
    """
    seeded = {"seed": 3} if "seed" in methods.keywords(algorithm) else {}
    for each in KINDS if kind is None else [kind]:
        values = values_of(each)
        given = values.copy()
        for k in (1, 2, 5, 16):
            found = algorithm(values, k, **seeded)
            what = f"of the values '{each}' and k = {k}"
            expect(isinstance(found, np.ndarray) and found.ndim == 1, f"centroids {what} are no array (at most k,)")
            expect(1 <= found.size <= k, f"{found.size} centroids {what}")
            expect(np.isfinite(found).all(), f"centroids {what} are not finite")
            expect(np.all(np.diff(found) > 0), f"centroids {what} do not ascend")
            expect(np.array_equal(found, algorithm(values, k, **seeded)), f"centroids {what} differ from call to call")
        expect(np.array_equal(values, given), "the values were changed")
