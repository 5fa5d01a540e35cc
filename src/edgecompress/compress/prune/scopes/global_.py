"""One threshold for the whole network: layers where little matters give more.

Han, Mao & Dally, "Deep Compression", ICLR 2016, chose a threshold a layer by hand; one for all layers needs no choice
and loses less at the same size (Blalock et al., "What is the state of neural network pruning?", MLSys 2020).
"""

from collections.abc import Mapping

from edgecompress.compress.prune.scopes._limit import within
from edgecompress.compress.prune.scopes._pool import lowest_of_all
from edgecompress.compress.prune.scopes.contract import ScoredLayer


def global_(layers: Mapping[str, ScoredLayer], sparsity: float, *, limit: float) -> dict[str, int]:
    """The number of weights to prune in each layer: the lowest of all, but no more than ``limit`` of a layer."""
    return within(
        limit,
        layers,
        sparsity,
        lambda free, count: lowest_of_all({name: layer.scores for name, layer in free.items()}, count),
    )
