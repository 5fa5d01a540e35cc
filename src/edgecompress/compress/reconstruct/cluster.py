"""Clustering without training: in each layer the centroids and who takes them reconstruct its outputs."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import nn

from edgecompress.compress.cluster.granularity import Share, shares
from edgecompress.compress.details import ClusterDetails
from edgecompress.compress.invariants import few_values
from edgecompress.compress.layers import compressible
from edgecompress.compress.reconstruct.errors import Errors
from edgecompress.compress.reconstruct.objective import LayerObjective
from edgecompress.compress.reconstruct.prune import Inputs
from edgecompress.compress.reconstruct.quantise import PaletteSettings, plain, quantise
from edgecompress.compress.reconstruct.walk import walk
from edgecompress.progress import Progress
from edgecompress.recipe import Recipe


def cluster(
    module: nn.Module, teacher: nn.Module, recipe: Recipe, inputs: Inputs, progress: Progress
) -> ClusterDetails:
    """Cluster ``module`` in place, with its zeros where they are. Returns what was done."""
    settings, own = recipe.reconstruct, recipe.cluster
    assert settings is not None
    weights, x = compressible(module, recipe), inputs()
    shared = {name: share for share in shares(weights, recipe) for name in share.layers}
    errors = Errors()
    for reached in walk(module, teacher, weights, x, damping=settings.damping, title="cluster", progress=progress):
        share = shared[reached.name]
        palette = PaletteSettings(own.method, 2**share.bits, recipe.seed, own.centroid_dtype, settings.refit)
        new, unfitted = [], []
        for parts in _sharing(reached.parts, share):
            new += quantise(reached.name, parts, palette)
            unfitted += plain(parts, palette)
        shape = (len(reached.parts), -1, new[0].shape[1])
        made = torch.cat(new).reshape(shape)
        errors.add(reached.name, reached.off(torch.cat(unfitted).reshape(shape)), reached.off(made))
        reached.write(made)
    few_values(weights, {name: share.most for name, share in shared.items()}, "cluster")
    return ClusterDetails(
        inputs=settings.inputs,
        samples=len(x),
        method=own.method,
        bits=own.bits,
        granularity=own.granularity,
        **errors.details(),
    )


def _sharing(parts: Sequence[LayerObjective], share: Share) -> list[list[LayerObjective]]:
    """The outputs of all ``parts`` (the groups of a convolution), divided into those that share centroids."""
    outputs = len(parts[0].start)
    size = share.group_size or outputs * len(parts)
    found: list[list[LayerObjective]] = [[] for _ in range(-(-outputs * len(parts) // size))]
    for number, part in enumerate(parts):
        first = number * outputs
        for index in range(first // size, (first + outputs - 1) // size + 1):
            rows = slice(max(0, index * size - first), min(outputs, (index + 1) * size - first))
            found[index].append(
                replace(part, linear=part.linear[rows], constant=part.constant[rows], start=part.start[rows])
            )
    return found
