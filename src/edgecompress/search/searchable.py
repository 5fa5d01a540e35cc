"""The settings that a search may choose in each layer of a network."""

from dataclasses import dataclass

from torch import nn

from edgecompress.compress.cluster.granularity import MOST_DISTINCT
from edgecompress.compress.layers import compressible
from edgecompress.compress.prune.patterns import NOfM, Pattern
from edgecompress.compress.prune.plan import plan
from edgecompress.recipe import Recipe


@dataclass(frozen=True)
class Searchable:
    """A layer that the recipe compresses.

    Attributes:
        name: of the layer.
        parameter: of its weight.
        weights: how many it has.
        pattern: in which it is pruned.
        prunable: whether its sparsity is free; that of an N:M pattern is not.
        most_sparsity: where the search ends; the recipe's ``layer_limit``, or a weight an output channel.
        most_bits: where the search ends; 0 where its bits are not free, as it shares the centroids of the whole model.
    """

    name: str
    parameter: str
    weights: int
    pattern: Pattern
    prunable: bool
    most_sparsity: float
    most_bits: int


def searchable(module: nn.Module, recipe: Recipe) -> list[Searchable]:
    """The layers of ``module`` that the recipe compresses, in the network's order.

    Raises:
        InputError: the recipe does not fit the network.
    """
    weights = compressible(module, recipe)
    patterns = plan(weights, recipe).patterns
    found = []
    for name, weight in weights.items():
        channels, size = weight.shape[0], weight.numel()
        found.append(
            Searchable(
                name=name,
                parameter=f"{name}.weight" if name else "weight",
                weights=size,
                pattern=patterns[name],
                prunable=not isinstance(patterns[name], NOfM),
                most_sparsity=min(recipe.prune.layer_limit, 1 - channels / size),
                most_bits=_most_bits(name, channels, recipe),
            )
        )
    return found


def _most_bits(name: str, channels: int, recipe: Recipe) -> int:
    own = recipe.layer(name)
    granularity = own.granularity or recipe.cluster.granularity
    if granularity == "model" and own.bits is None:
        return 0
    if granularity in ("layer", "model"):
        return 8
    groups = -(-channels // (own.group_size or recipe.cluster.group_size))
    return max(1, (MOST_DISTINCT // groups).bit_length() - 1)
