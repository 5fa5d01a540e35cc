"""Clustering a network's layers and training the centroids."""

from collections.abc import Mapping

import torch
from torch import nn

from edgecompress.compress.cluster.shared import SharedWeight
from edgecompress.recipe import Clustering, Recipe


class SharedWeights:
    """A training hook that holds every layer to its centroids while they are trained."""

    def __init__(self, weights: Mapping[str, nn.Parameter], recipe: Recipe) -> None:
        settings = recipe.cluster
        self.layers = [
            SharedWeight(
                name,
                weight,
                bits=recipe.layer(name).bits or settings.bits,
                method=settings.method,
                dtype=settings.centroid_dtype,
            )
            for name, weight in weights.items()
        ]

    def after_backward(self) -> None:
        """Hand the weights' gradients to the centroids."""
        for layer in self.layers:
            layer.collect()

    def after_step(self, done: int, total: int) -> None:  # noqa: ARG002 - the hook's contract
        """Write the moved centroids into the weights."""
        for layer in self.layers:
            layer.write()


def optimizer(module: nn.Module, shared: SharedWeights, settings: Clustering) -> torch.optim.Optimizer:
    """Adam over the centroids, and over every parameter that is not clustered (biases, BatchNorm).

    A summed gradient grows with the number of members, from one to millions; Adam's step does not, and in units of the
    layer's own weights one learning rate fits all layers.
    """
    clustered = {id(layer.weight) for layer in shared.layers}
    groups: list[dict[str, object]] = [
        {"params": [layer.centroids], "lr": settings.learning_rate * layer.scale} for layer in shared.layers
    ]
    rest = [parameter for parameter in module.parameters() if id(parameter) not in clustered]
    groups.append({"params": rest, "lr": settings.learning_rate})
    return torch.optim.Adam(groups)
