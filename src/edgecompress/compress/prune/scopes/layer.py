"""The same sparsity in every layer."""

from collections.abc import Mapping

from edgecompress.compress.prune.scopes.contract import ScoredLayer


def layer(
    layers: Mapping[str, ScoredLayer],
    sparsity: float,
    *,
    limit: float,  # noqa: ARG001 - a scope's contract; no layer goes further than another here
) -> dict[str, int]:
    """The number of weights to prune in each layer: ``round(sparsity * scores)`` of its own."""
    return {name: round(sparsity * each.scores.size) for name, each in layers.items()}
