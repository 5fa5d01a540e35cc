"""What a build or a search is asked for, and what that means: recipe, data set, network, and how they are run."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import torch
from torch import nn

from edgecompress import bundle, methods, recipe
from edgecompress.compress.context import Context
from edgecompress.compress.structure.contract import Measure
from edgecompress.compress.structure.search import Latency
from edgecompress.compress.train import TrainingData
from edgecompress.encode.partition import Mode
from edgecompress.export.int8.program import check_installed
from edgecompress.export.latency import latency
from edgecompress.model import datasets, load
from edgecompress.model.datasets.contract import Dataset
from edgecompress.model.to_onnx import to_onnx
from edgecompress.progress import Progress

# Raised when a data set's split or standardisation changes, so that no checkpoint of the old one is taken.
DATA_VERSION = 1


@dataclass(frozen=True)
class Request:
    """What ``build`` is asked for. ``None`` takes the default that the command line documents."""

    target: str
    model: str = "alexnet"
    data: str = "digits"
    recipe: str | None = None
    changes: tuple[str, ...] = ()
    checkpoint: Path | None = None
    encoding: Mode | None = None
    output: Path | None = None
    data_dir: Path | None = None
    cache_dir: Path | None = None
    download: bool = True
    eval_samples: int | None = None


@dataclass(frozen=True)
class Prepared:
    """What a request means: the data set, the network that is trained or given, and what its stages are run with."""

    data: Dataset
    network: nn.Module
    context: Context
    warnings: list[str]


def prepare(request: Request, *, progress: Progress, warn: Callable[[str], None]) -> Prepared:
    """Read what ``request`` names: recipe, data, network and checkpoint.

    Raises:
        InputError: one of them is wrong.
    """
    methods.find(load.NETWORKS, request.model)  # before its recipe: a misspelt network has none
    changes = (*request.changes, *([f"export.encoding={request.encoding}"] if request.encoding else []))
    chosen = recipe.load(request.recipe or recipe.default_name(request.model, request.data), changes)
    if chosen.export.int8:
        check_installed()
    data = datasets.load(request.data, request.data_dir, download=request.download, progress=progress)
    warnings = [] if data.source.official else [f"{data.name}: {data.source.note}"]
    for message in warnings:
        warn(message)
    torch.manual_seed(chosen.seed)
    network = load.network(request.model, data.input_shape, len(data.classes), width=chosen.width)
    if request.checkpoint:
        load.load_checkpoint(network, request.checkpoint)
    context = Context(
        recipe=chosen,
        training=TrainingData(torch.from_numpy(data.train_x), torch.from_numpy(data.train_y), data.shift, data.mirror),
        validation=(torch.from_numpy(data.validation_x), torch.from_numpy(data.validation_y)),
        folder=(request.cache_dir or platformdirs.user_cache_path("edgecompress")) / "stages",
        identity=_identity(request, data),
        progress=progress,
        latency=_measure(network, data, chosen.structure) if chosen.structure else None,
    )
    return Prepared(data, network, context, warnings)


def _identity(request: Request, data: Dataset) -> dict[str, Any]:
    """What, beside the recipe, decides the weights that training ends with."""
    given = bundle.digest(request.checkpoint) if request.checkpoint else None
    return {"model": request.model, "data": data.source.sha256, "data_version": DATA_VERSION, "checkpoint": given}


def _measure(dense: nn.Module, data: Dataset, settings: recipe.Structure) -> Measure:
    """What measures a network's latency against ``dense``, as it is now."""
    kept = copy.deepcopy(dense)

    def measure(network: nn.Module) -> Latency:
        graphs = [to_onnx(each, data.input_shape) for each in (network, kept)]
        found = latency(graphs[0], graphs[1], settings.runtime)
        return Latency(found.ratio, found.low, found.high)

    return measure
