"""A network, its data and what its stages are run with: what all workflows begin with."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnx_ir as ir
import platformdirs
import torch
from torch import nn

from edgecompress import bundle, recipe
from edgecompress.compress.context import Context
from edgecompress.compress.structure.contract import Measure
from edgecompress.compress.structure.search import Latency
from edgecompress.compress.train import TrainingData
from edgecompress.export.latency import latency
from edgecompress.progress import Progress
from edgecompress.sources import load
from edgecompress.sources.datasets.contract import Dataset
from edgecompress.sources.model import Model
from edgecompress.sources.objective import Objective
from edgecompress.workflows.request import Source

# Raised when a data set's split or standardisation changes, so that no checkpoint of the old one is taken.
DATA_VERSION = 1


@dataclass(frozen=True)
class Prepared:
    """A source, read: the data set, the network that is trained or given, and what its stages are run with.

    Attributes:
        data: the samples.
        network: as it is before the first stage.
        context: what its stages are run with.
        warnings: what was said on the way.
        trained: whether the network's weights are the baseline already.
        graph: the ONNX graph of the network with the weights that it has when asked.
        recipe_name: of the recipe, as ``--recipe`` takes it.
        recipe_reason: why it was taken, where the board decided that.
        own: what more is known of a network of the user's own.
        objective: its own loss and metric; ``None``: there is neither.
    """

    data: Dataset
    network: nn.Module
    context: Context
    warnings: list[str]
    trained: bool
    graph: Callable[[nn.Module], ir.Model]
    recipe_name: str
    recipe_reason: str = ""
    own: Model | None = field(default=None)
    objective: Objective | None = field(default=None)


def fresh(source: Source, chosen: recipe.Recipe, data: Dataset) -> nn.Module:
    """A built-in network for ``data``, with weights that the recipe's seed decides, or those of the checkpoint.

    Raises:
        InputError: it cannot have that width, or the checkpoint is of another network.
    """
    torch.manual_seed(chosen.seed)
    network = load.network(source.model, data.input_shape, len(data.classes), width=chosen.width)
    if source.checkpoint:
        load.load_checkpoint(network, source.checkpoint)
    return network


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


def measure_of(dense: nn.Module, graph: Callable[[nn.Module], ir.Model], settings: recipe.Structure) -> Measure:
    """A function that measures a network's latency against ``dense``, as it is now."""
    kept = copy.deepcopy(dense)

    def measure(network: nn.Module) -> Latency:
        graphs = [graph(each) for each in (network, kept)]
        found = latency(graphs[0], graphs[1], settings.runtime)
        return Latency(found.ratio, found.low, found.high)

    return measure
