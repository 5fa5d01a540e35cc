"""The request of a build or a search, resolved: recipe, data set, network, and how they are run."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import onnx_ir as ir
import platformdirs
import torch
from torch import nn

from edgecompress import bundle, methods, recipe, target
from edgecompress.compress.checkpoints import digest
from edgecompress.compress.context import Context
from edgecompress.compress.layers import named
from edgecompress.compress.sparse_kernels import worth_pairs
from edgecompress.compress.structure.contract import Measure
from edgecompress.compress.structure.search import Latency
from edgecompress.compress.train import TrainingData
from edgecompress.encode.partition import Mode
from edgecompress.errors import InputError
from edgecompress.export.int8.program import check_installed
from edgecompress.export.latency import latency
from edgecompress.model import datasets, load
from edgecompress.model.datasets.contract import Dataset
from edgecompress.model.to_onnx import grapher_of
from edgecompress.own.callables import find, is_own
from edgecompress.own.data.dataset import dataset
from edgecompress.own.ends import join
from edgecompress.own.model import Model, short_name
from edgecompress.own.objective import Objective
from edgecompress.own.read import NO_DATA, built_in_ends, ends_of, is_own_data, read, samples
from edgecompress.own.untrained import why_untrained, without_training
from edgecompress.progress import Progress

# Raised when a data set's split or standardisation changes, so that no checkpoint of the old one is taken.
DATA_VERSION = 1
# Laid over a network's recipe where its board has kernels for it.
SPARSE_ARM = "sparse-arm"


@dataclass(frozen=True)
class Request:
    """The request of ``build``. ``None`` takes the default that the command line documents.

    ``from_front``: the point, from 1, of the front in the bundle that is there.
    """

    target: str
    model: str = "alexnet"
    data: str | None = None
    recipe: str | None = None
    changes: tuple[str, ...] = ()
    checkpoint: Path | None = None
    encoding: Mode | None = None
    output: Path | None = None
    data_dir: Path | None = None
    cache_dir: Path | None = None
    download: bool = True
    eval_samples: int | None = None
    loss: str | None = None
    metric: str | None = None
    from_front: int | None = None

    @property
    def data_named(self) -> str:
        """The name of the data: digits for a built-in network, none for the user's own, where nothing else is said."""
        return self.data or (NO_DATA if is_own(self.model) else "digits")

    @property
    def name(self) -> str:
        """A name of model and data, for files and folders."""
        model = short_name(self.model) if is_own(self.model) else self.model
        data = short_name(self.data_named) if is_own_data(self.data_named) else self.data_named
        return model if self.data_named == NO_DATA else f"{model}-{data}"


@dataclass(frozen=True)
class Prepared:
    """A resolved request: the data set, the network that is trained or given, and the context of its stages.

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


def prepare(request: Request, *, progress: Progress, warn: Callable[[str], None]) -> Prepared:
    """Read what ``request`` names: recipe, data, network and checkpoint.

    Raises:
        InputError: one of them is wrong.
    """
    if is_own(request.model):
        return _own_network(request, progress=progress, warn=warn)
    if request.loss or request.metric:
        raise InputError(f"--loss and --metric are for a network of your own, and {request.model} is built in")
    methods.find(load.NETWORKS, request.model)  # before its recipe: a misspelt network has none
    name = recipe.complete(request.recipe, recipe.default_name(request.model, request.data_named))
    chosen = recipe.load(name, _changes(request))
    if chosen.export.int8 is True:
        check_installed()
    data = _data(request, chosen, progress)
    warnings = [] if data.source.official else [f"{data.name}: {data.source.note}"]
    for message in warnings:
        warn(message)
    torch.manual_seed(chosen.seed)
    network = load.network(request.model, data.input_shape, len(data.classes), width=chosen.width)
    if request.checkpoint:
        load.load_checkpoint(network, request.checkpoint)
    name, reason = _for_board(request, name, network)
    chosen = named(recipe.load(name, _changes(request)), network)
    identity = identity_of(request.model, data, request.checkpoint, resolution=chosen.inputs.resolution)
    if is_own_data(request.data_named):
        identity["inputs"] = recipe.deciding(chosen.inputs)

    graph = grapher_of(request.model, data.input_shape, len(data.classes), chosen.width)
    context = _context(request, chosen, data, network, identity, graph, progress)
    return Prepared(data, network, context, warnings, request.checkpoint is not None, graph, name, reason)


def _for_board(request: Request, name: str, network: nn.Module) -> tuple[str, str]:
    """The recipe for ``network`` on the board, and why; a recipe that the user named stays."""
    board = target.load(request.target)
    if request.recipe or not board.sparse_kernels or not worth_pairs(network):
        return name, ""
    reason = f"LiteRT computes with nonzeros only on {board.name}, where they are in pairs; --recipe {name} leaves that"
    return f"{name}+{SPARSE_ARM}", reason


def _changes(request: Request) -> tuple[str, ...]:
    return (*request.changes, *([f"export.encoding={request.encoding}"] if request.encoding else []))


def _data(request: Request, chosen: recipe.Recipe, progress: Progress) -> Dataset:
    """The data for a built-in network: a built-in data set, or the user's own."""
    named = request.data_named
    if not is_own_data(named):
        return _built_in(request, chosen.inputs, progress)
    if named == NO_DATA:
        raise InputError(f"{request.model} needs data to be trained and judged on; give --data")
    _check_resolution(request, chosen)
    shapes = ends_of(chosen.inputs.shapes)
    found = samples(named, shapes, progress)
    return dataset(short_name(named), found, built_in_ends(found, shapes), chosen.inputs)


def _check_resolution(request: Request, chosen: recipe.Recipe) -> None:
    """The user's own data have their shape said another way."""
    if chosen.inputs.resolution is not None and is_own_data(request.data_named):
        size = chosen.inputs.resolution
        raise InputError(
            "inputs.resolution is for built-in data sets; say what the network takes: "
            f"--set 'inputs.shapes=[\"3x{size}x{size}\"]'"
        )


def _built_in(request: Request, inputs: recipe.Inputs, progress: Progress) -> Dataset:
    return datasets.load(
        request.data_named,
        request.data_dir,
        download=request.download,
        resolution=inputs.resolution,
        progress=progress,
    )


def _own_network(request: Request, *, progress: Progress, warn: Callable[[str], None]) -> Prepared:
    """A network of the user's own, and what can be done with it."""
    name = recipe.complete(request.recipe, recipe.GENERIC)
    chosen = recipe.load(name, _changes(request))
    if chosen.width != 1:
        raise InputError("width is for built-in networks; make the network itself narrower, or set [structure]")
    if chosen.export.int8 is True:
        check_installed()
    _check_resolution(request, chosen)
    model, data, warnings = read(
        request.model,
        request.data_named,
        chosen.inputs,
        checkpoint=request.checkpoint,
        seed=chosen.seed,
        known=lambda: _built_in(request, chosen.inputs, progress),
        progress=progress,
        targets=request.loss is not None,
    )
    said = list(warnings) + ([] if data.source.official else [f"{data.name}: {data.source.note}"])
    objective = _objective(request, chosen, model, data)
    why = None if request.loss else why_untrained(model, data, request.data_named)
    if why and name != request.recipe:
        # So many zeros as sparse kernels need cost too much where nothing is trained.
        name, reason = recipe.complete(request.recipe, recipe.UNTRAINED), ""
    else:
        name, reason = _for_board(request, name, model.module)
    chosen = named(recipe.load(name, _changes(request)), model.module)
    if why:
        chosen, how = without_training(chosen, model, len(data.train_x))
        said.append(f"nothing is trained, because {why}; {how}")
    if chosen.structure and model.fixed:
        raise InputError(
            f"[structure] removes channels, and the graph of {model.source} has their number in its constants; "
            "give the network as package.module:factory, or leave [structure] out"
        )
    if chosen.export.int8 is True and model.one_by_one:
        raise InputError(
            f"export.int8 calibrates with many samples at once, and {model.source} takes one; export it with a free "
            "batch (dynamic_shapes of torch.onnx.export), or set export.int8=false"
        )
    if chosen.export.float16_arithmetic is True and (not model.ends.plain or model.why_not_run):
        raise InputError("export.float16_arithmetic is for networks of one input and one output; set it to false")
    if model.one_by_one:
        said.append(
            f"the batch of {model.source} is fixed inside its graph: it stays, one sample is computed at a time"
        )
    for message in said:
        warn(message)
    if objective is None and model.why_not_run is None:
        join(model.module, model.ends)
    identity = {
        "model": model.architecture,
        "state": digest(model.module),
        "data": data.source.sha256,
        "data_version": DATA_VERSION,
        "inputs": recipe.deciding(chosen.inputs),
        **(objective.decides if objective else {}),
    }
    context = _context(request, chosen, data, model.module, identity, model.graph, progress)
    if objective:
        objective.check(chosen, model.ends)
        context = replace(context, loss=objective.loss, metric=objective.metric or context.metric)
    trained = model.trained or why is not None
    return Prepared(data, model.module, context, said, trained, model.graph, name, reason, model)


def _objective(request: Request, chosen: recipe.Recipe, model: Model, data: Dataset) -> Objective | None:
    """The user's loss and metric; ``None``: there is neither.

    Raises:
        InputError: one of them is no function, or there is nothing to learn with it.
    """
    if request.loss is None and request.metric is None:
        return None
    if model.why_not_run or not len(data.test_y):
        why = model.why_not_run or "the data have no targets (y)"
        raise InputError(f"{'--loss' if request.loss else '--metric'} has nothing to work on, because {why}")
    if request.loss and chosen.export.int8 is True:
        raise InputError("export.int8 is judged by its answers among classes, and --loss knows none; set it to false")
    loss, metric = (None if spec is None else find(spec) for spec in (request.loss, request.metric))
    return Objective.of(model.module, model.ends, loss, metric)


def _context(
    request: Request,
    chosen: recipe.Recipe,
    data: Dataset,
    network: nn.Module,
    identity: dict[str, Any],
    graph: Callable[[nn.Module], ir.Model],
    progress: Progress,
) -> Context:
    context = context_of(chosen, data, identity, cache_dir=request.cache_dir, progress=progress)
    return replace(context, latency=measure_of(network, graph, chosen.structure)) if chosen.structure else context


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
    """The inputs that, beside the recipe's stages, decide the weights of a trained built-in network."""
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
