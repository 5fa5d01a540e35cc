"""The contract of a scope: what it knows of a layer, and what it decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from edgecompress.compress.prune.threshold import Scores


@dataclass(frozen=True)
class ScoredLayer:
    """A layer as a scope sees it.

    Attributes:
        scores: one a weight, or one a block of weights; flat, without NaN. -inf is what is pruned already.
        shape: of the layer's weight, (out, in, ...).
    """

    scores: Scores
    shape: tuple[int, ...]


class Scope(Protocol):
    """A function that decides how many of each layer's lowest scores go."""

    def __call__(self, layers: Mapping[str, ScoredLayer], sparsity: float, *, limit: float) -> dict[str, int]:
        """Share out ``sparsity``, the fraction of all scores that goes.

        Args:
            layers: every layer that shares, in the network's order; this order decides between equal scores.
            sparsity: 0 to 1.
            limit: the largest fraction that goes of one layer, where the method lets layers differ.

        Returns:
            For each layer the number that goes.

        Raises:
            InputError: the limit forbids that sparsity, or the method has no use for such scores.
        """
        ...
