"""The order of the stages that a recipe asks for."""

from edgecompress.compress.stages.cluster import Cluster
from edgecompress.compress.stages.contract import Stage
from edgecompress.compress.stages.prune import Prune
from edgecompress.compress.stages.retrain import Retrain
from edgecompress.compress.stages.structure import RemoveChannels
from edgecompress.compress.stages.train import Given, Train
from edgecompress.recipe import Recipe


def order(recipe: Recipe, *, trained: bool) -> tuple[Stage, ...]:
    """The stages of ``recipe``, one after the other; ``trained``: the network's weights are the baseline already."""
    return (
        Given() if trained else Train(),
        *([RemoveChannels()] if recipe.structure else []),
        Prune(),
        Retrain(),
        Cluster(),
    )
