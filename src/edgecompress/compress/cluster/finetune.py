"""Clustering a network's layers and training what they share."""

from collections.abc import Mapping
from types import MappingProxyType

import torch
from torch import nn

from edgecompress.compress.cluster.codebook import find_codebook
from edgecompress.compress.cluster.granularity import shares
from edgecompress.compress.cluster.members import Members
from edgecompress.compress.cluster.rate import RateConstrained
from edgecompress.compress.cluster.shared import SharedWeight
from edgecompress.compress.cluster.soft import SoftWeight
from edgecompress.recipe import Clustering, Recipe


class SharedWeights:
    """A training hook that holds every layer to its centroids while they are trained.

    Attributes:
        most: for each layer, the distinct values that it ends with at most, zero included.
        inertia: the sum of squared distances between the weights and their centroids, before any training.
        seconds: what the clustering took.
        carried: what an interrupted training needs beside what is trained: nothing.
    """

    carried: Mapping[str, torch.Tensor] = MappingProxyType({})

    def __init__(self, weights: Mapping[str, nn.Parameter], recipe: Recipe) -> None:
        settings = recipe.cluster
        dtype = settings.centroid_dtype
        self.layers: list[SharedWeight | SoftWeight] = []
        self.most: dict[str, int] = {}
        self.inertia = self.seconds = 0.0
        for share in shares(weights, recipe):
            members = Members({name: weights[name] for name in share.layers}, share.group_size)
            codebook = find_codebook(members, bits=share.bits, method=settings.method, seed=recipe.seed, dtype=dtype)
            if settings.training == "soft":
                soft = SoftWeight(
                    members,
                    codebook,
                    dtype=dtype,
                    temperature=settings.temperature,
                    final=settings.final_temperature,
                )
                self.layers.append(soft)
            else:
                self.layers.append(SharedWeight(members, codebook, dtype=dtype))
            self.most |= dict.fromkeys(share.layers, share.most)
            self.inertia += codebook.inertia
            self.seconds += codebook.seconds

    def after_backward(self) -> None:
        """Hand the weights' gradients to what is trained."""
        for layer in self.layers:
            layer.collect()

    def after_step(self, done: int, total: int) -> None:
        """Write what has moved into the weights."""
        for layer in self.layers:
            layer.write(done / total)

    def finish(self) -> None:
        """Leave every layer with its centroids, hard."""
        for layer in self.layers:
            layer.finish()


def optimizer(
    module: nn.Module, shared: SharedWeights | RateConstrained, settings: Clustering
) -> torch.optim.Optimizer:
    """Adam over what is shared, and over every parameter that is not clustered (biases, BatchNorm).

    A summed gradient grows with the number of members, from one to millions; Adam's step does not, and in units of the
    layer's own weights one learning rate fits all layers.
    """
    clustered = {id(weight) for layer in shared.layers for weight in layer.members.weights}
    groups: list[dict[str, object]] = [
        {"params": layer.trained, "lr": settings.learning_rate * layer.scale} for layer in shared.layers
    ]
    rest = [parameter for parameter in module.parameters() if id(parameter) not in clustered]
    groups.append({"params": rest, "lr": settings.learning_rate})
    return torch.optim.Adam(groups)
