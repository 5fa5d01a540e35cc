"""Centroids of values by a method's name: what no algorithm need look at is looked at here."""

import inspect

import numpy as np

from edgecompress import methods
from edgecompress.compress.cluster.points import Values
from edgecompress.errors import CheckError, InputError

ALGORITHMS = "edgecompress.compress.cluster.algorithms"
_SAMPLE = 4096


def centroids(method: str, values: Values, k: int, *, seed: int) -> Values:
    """At most ``k`` centroids of ``values`` by the algorithm ``method``, ascending, shape (at most k,).

    Args:
        method: a module of ``cluster/algorithms``.
        values: float32, shape (n,). Where at most ``k`` are distinct, these are the centroids, whatever the method.
        k: at least 1.
        seed: for methods that draw random numbers.

    Raises:
        InputError: there is no such method, no value, one that is NaN or infinite, or ``k`` is less than 1.
        CheckError: the method did not hold to its contract.
    """
    algorithm = methods.find(ALGORITHMS, method)
    if k < 1 or not values.size:
        raise InputError(f"{values.size} values and {k} centroids: at least one of each is needed")
    if not np.isfinite(values.min()) or not np.isfinite(values.max()):
        raise InputError("values are NaN or infinite; there are no centroids of these")
    few = _few(values, k)
    if few is not None:
        return few
    random = "seed" in inspect.signature(algorithm).parameters
    found: Values = algorithm(values, k, **({"seed": seed} if random else {}))
    if not (1 <= found.size <= k and np.isfinite(found).all() and (np.diff(found) > 0).all()):
        raise CheckError(f"the clustering method '{method}' did not return 1 to {k} finite, ascending centroids")
    return found


def _few(values: Values, k: int) -> Values | None:
    """The distinct values if there are at most ``k``; else ``None``, mostly without sorting all of them."""
    if np.unique(values[:_SAMPLE]).size > k:
        return None
    found = np.unique(values)
    return found if found.size <= k else None
