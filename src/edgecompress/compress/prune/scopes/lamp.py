"""LAMP: one threshold for the network, over magnitudes that are made comparable between layers.

Lee, Park, Mo, Ahn & Shin, "Layer-adaptive sparsity for the magnitude-based pruning", ICLR 2021: the score
of a weight is its square over the sum of all squares in its layer that are not smaller. The largest weight of a layer
has the score 1, so no layer is emptied before all others are down to one weight.
"""

from collections.abc import Mapping

import numpy as np

from edgecompress.compress.prune.scopes._limit import within
from edgecompress.compress.prune.scopes._pool import lowest_of_all
from edgecompress.compress.prune.scopes.contract import ScoredLayer
from edgecompress.compress.prune.threshold import Scores
from edgecompress.errors import InputError


def lamp(layers: Mapping[str, ScoredLayer], sparsity: float, *, limit: float) -> dict[str, int]:
    """The number of weights to prune in each layer, by the LAMP scores.

    Raises:
        InputError: a criterion whose scores can be negative; squares would turn their order round.
    """
    scores = {name: _lamp(name, layer.scores) for name, layer in layers.items()}
    return within(
        limit, layers, sparsity, lambda free, count: lowest_of_all({name: scores[name] for name in free}, count)
    )


def _lamp(name: str, scores: Scores) -> Scores:
    """The layer's scores in ascending order: squares over the sum of what is not smaller. Pruned weights have 0."""
    ordered = np.sort(scores)
    if bool(((ordered < 0) & (ordered > -np.inf)).any()):
        raise InputError(
            f"prune.scope 'lamp' compares squares, and layer '{name}' has negative scores; "
            "choose another scope for this criterion"
        )
    # Relative to the largest, so that no square overflows; the quotient stays the same.
    ordered = np.maximum(ordered, 0) / max(float(ordered[-1]), np.finfo(np.float32).tiny)
    squares = np.square(ordered, dtype=np.float64)
    not_smaller = np.cumsum(squares[::-1])[::-1]
    made: Scores = np.divide(squares, not_smaller, out=np.zeros_like(squares), where=not_smaller > 0).astype(np.float32)
    return made
