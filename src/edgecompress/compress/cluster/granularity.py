"""The granularity of clustering: centroids for a layer, for a group of its output channels, or for the whole model."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import torch

from edgecompress.errors import InputError
from edgecompress.recipe import Recipe

MOST_DISTINCT = 256
"""Nonzero values of a tensor that a file can hold as a palette: its indices are at most one byte."""


@dataclass(frozen=True)
class Share:
    """Layers that are clustered together.

    Attributes:
        layers: their names. More than one is the whole model's.
        bits: at most ``2**bits`` centroids a group.
        group_size: output channels in a group; ``None`` where there are no groups.
        most: distinct values, zero included, that each of the layers may end with.
    """

    layers: tuple[str, ...]
    bits: int
    group_size: int | None
    most: int


def shares(weights: Mapping[str, torch.Tensor], recipe: Recipe) -> list[Share]:
    """The groups of weights that the recipe wants clustered together.

    A layer that has bits or a granularity of its own has centroids of its own too: it stands outside the whole model's.

    Args:
        weights: the layers that are clustered, output channels first.
        recipe: the settings.

    Raises:
        InputError: a layer's groups have more values than a file's palette holds; the line says what would do.
    """
    settings = recipe.cluster
    found, pool = [], []
    for name, weight in weights.items():
        own = recipe.layer(name)
        bits, granularity = own.bits or settings.bits, own.granularity or settings.granularity
        if granularity == "model" and own.bits is None:
            pool.append(name)
        elif granularity == "channel-group":
            size = own.group_size or settings.group_size
            found.append(Share((name,), bits, size, _most(name, len(weight), bits, size)))
        else:
            found.append(Share((name,), bits, None, 2**bits + 1))
    if pool:
        found.append(Share(tuple(pool), settings.bits, None, 2**settings.bits + 1))
    return found


def _most(name: str, channels: int, bits: int, size: int) -> int:
    """The distinct values of a layer whose groups of ``size`` of its ``channels`` have ``2**bits`` each, and zero."""
    groups = ceil(channels / size)
    if groups * 2**bits > MOST_DISTINCT:
        least = ceil(channels / (MOST_DISTINCT // 2**bits))
        raise InputError(
            f"layer '{name}' has {groups} groups of {size} output channels with {2**bits} values each, and a file's "
            f"palette holds {MOST_DISTINCT}; set cluster.group_size to at least {least} or lower cluster.bits"
        )
    return int(groups * 2**bits + 1)
