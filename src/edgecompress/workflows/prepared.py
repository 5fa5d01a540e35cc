"""A network, its data and what its stages are run with: what all workflows begin with."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx_ir as ir
import platformdirs
import torch
from torch import nn

from edgecompress import bundle, recipe
from edgecompress.compress.context import Context
from edgecompress.compress.structure.contract import Measure
from edgecompress.compress.structure.search import MeasuredRatio
from edgecompress.compress.train import TrainingData
from edgecompress.export.latency import latency
from edgecompress.progress import Progress
from edgecompress.sources.datasets.contract import Dataset
from edgecompress.sources.model import Model
from edgecompress.sources.objective import Objective

# Raised when a data set's split or standardisation changes, so that no checkpoint of the old one is taken.
DATA_VERSION = 1


@dataclass(frozen=True)
class Prepared:
    """A source, read: the data set, the network that is trained or given, and what its stages are run with.

    Attributes:
        data: the samples.
        model: the network, as it is before the first stage.
        context: what its stages are run with.
        warnings: of the preparation.
        trained: whether the network's weights are the baseline already.
        recipe_name: of the recipe, as ``--recipe`` takes it.
        recipe_reason: why it was taken, where the board decided that.
        objective: what the user's own loss and metric are; ``None``: there is neither.
    """

    data: Dataset
    model: Model
    context: Context
    warnings: list[str]
    trained: bool
    recipe_name: str
    recipe_reason: str = ""
    objective: Objective | None = None

    @property
    def network(self) -> nn.Module:
        """The network's module, in whatever state the last stage left it."""
        return self.model.module

    def graph(self) -> ir.Model:
        """The ONNX graph of the network with the weights that it has now."""
        return self.model.graph(self.model.module)


def context_of(
    chosen: recipe.Recipe, data: Dataset, identity: Mapping[str, Any], *, cache_dir: Path | None, progress: Progress
) -> Context:
    """The context of the stages of a network on ``data``; ``cache_dir`` ``None``: the user's cache folder."""
    return Context(
        recipe=chosen,
        training=TrainingData(torch.from_numpy(data.train_x), torch.from_numpy(data.train_y), data.shift, data.mirror),
        validation=(torch.from_numpy(data.validation_x), torch.from_numpy(data.validation_y)),
        folder=(cache_dir or platformdirs.user_cache_path("edgecompress")) / "stages",
        identity=identity,
        progress=progress,
    )


def identity_of(
    model: str, data: Dataset, checkpoint: Path | None = None, *, resolution: int | None = None
) -> dict[str, Any]:
    """All that decides the weights of a trained built-in network beside the stages of the recipe."""
    given = bundle.digest(checkpoint) if checkpoint else None
    identity = {"model": model, "data": data.source.sha256, "data_version": DATA_VERSION, "checkpoint": given}
    # Left out where there is none, so that what was kept before there was this choice is still found.
    return identity if resolution is None else {**identity, "resolution": resolution}


def measure_of(model: Model, settings: recipe.Structure) -> Measure:
    """A function that measures a network's latency against that of ``model``, as it is now."""
    kept = copy.deepcopy(model.module)

    def measure(network: nn.Module) -> MeasuredRatio:
        graphs = [model.graph(each) for each in (network, kept)]
        found = latency(graphs[0], graphs[1], settings.runtime)
        return MeasuredRatio(found.ratio, found.low, found.high)

    return measure
