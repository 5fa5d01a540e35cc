"""Reading a request: its recipe, data, network and checkpoint."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import nn

from edgecompress import methods, recipe, target
from edgecompress.compress.checkpoints import digest
from edgecompress.compress.context import Context
from edgecompress.compress.layers import named
from edgecompress.compress.sparse_kernels import worth_pairs
from edgecompress.errors import InputError, NoInt8Error
from edgecompress.int8.program import check_installed
from edgecompress.progress import Progress
from edgecompress.sources import datasets, load
from edgecompress.sources.built_in import built_in
from edgecompress.sources.callables import find, is_custom
from edgecompress.sources.data.dataset import dataset
from edgecompress.sources.datasets.contract import Dataset
from edgecompress.sources.model import Model, short_name
from edgecompress.sources.objective import Objective
from edgecompress.sources.read import NO_DATA, built_in_signature, inputs_of, is_custom_data, read, samples
from edgecompress.sources.signature import join
from edgecompress.sources.untrained import why_untrained, without_training
from edgecompress.workflows.prepared import DATA_VERSION, Prepared, context_of, identity_of, measure_of
from edgecompress.workflows.request import Request

# Laid over a network's recipe where its board has kernels for it.
SPARSE_ARM = "sparse-arm"
# Laid over it where an accelerator decodes weights, whose coder takes few bits for zeros and frequent levels.
ETHOS_U = "ethos-u"


def prepare(request: Request, *, progress: Progress, warn: Callable[[str], None], to_rate: bool = True) -> Prepared:
    """Read what ``request`` names: recipe, data, network and checkpoint.

    ``to_rate``: the board may have a rate laid over the recipe, which then decides zeros and levels itself.

    Raises:
        InputError: one of them is wrong.
    """
    if is_custom(request.model):
        return _custom_network(request, progress=progress, warn=warn, to_rate=to_rate)
    if request.loss or request.metric or request.better:
        raise InputError(f"--loss and --metric are for a network of your own, and {request.model} is built in")
    methods.find(load.NETWORKS, request.model)  # before its recipe: a misspelt network has none
    name = recipe.complete(request.recipe, recipe.default_name(request.model, request.data_named))
    chosen = recipe.load(name, request.all_changes)
    if chosen.export.int8 is True:
        check_installed()
    data = _data(request, chosen, progress)
    warnings = [] if data.source.official else [f"{data.name}: {data.source.note}"]
    for message in warnings:
        warn(message)
    model = built_in(request.model, data, width=chosen.width, seed=chosen.seed, checkpoint=request.checkpoint)
    name, reason = _for_board(request, name, model.module, to_rate=to_rate and _bears_rate(chosen))
    chosen = named(recipe.load(name, request.all_changes), model.module)
    identity = identity_of(request.model, data, request.checkpoint, resolution=chosen.inputs.resolution)
    if is_custom_data(request.data_named):
        identity["inputs"] = recipe.deciding(chosen.inputs)
    context = _context(request, chosen, data, model, identity, progress)
    return Prepared(data, model, context, warnings, model.trained, name, reason)


def _for_board(request: Request, name: str, network: nn.Module, *, to_rate: bool) -> tuple[str, str]:
    """The recipe for ``network`` on the board, and why; a recipe that the user named stays."""
    board = target.load(request.target)
    if to_rate and not request.recipe and board.npu is not None:
        reason = f"{board.npu} decodes weights, and frequent ones take few bits; --recipe {name} leaves that"
        return f"{name}+{ETHOS_U}", reason
    if request.recipe or not board.sparse_kernels or not worth_pairs(network):
        return name, ""
    reason = f"LiteRT computes with nonzeros only on {board.name}, where they are in pairs; --recipe {name} leaves that"
    return f"{name}+{SPARSE_ARM}", reason


def _bears_rate(chosen: recipe.Recipe) -> bool:
    """Return whether nothing in the recipe and its changes is impossible with a rate, or would be lost to one."""
    layers = chosen.layers.values()
    levels = (chosen.cluster.granularity, *(each.granularity for each in layers))
    patterns = (chosen.prune.pattern, *(each.pattern for each in layers))
    return (
        chosen.cluster.training == "centroids"
        and chosen.reconstruct is None
        and all(each in ("layer", None) for each in levels)
        and all(each in ("unstructured", None) for each in patterns)
    )


def _data(request: Request, chosen: recipe.Recipe, progress: Progress) -> Dataset:
    """The data for a built-in network: a built-in data set, or the user's own."""
    named = request.data_named
    if not is_custom_data(named):
        return _built_in(request, chosen.inputs, progress)
    if named == NO_DATA:
        raise InputError(f"{request.model} needs data to be trained and judged on; give --data")
    _check_resolution(request, chosen)
    shapes = inputs_of(chosen.inputs.shapes)
    found = samples(named, shapes, progress)
    return dataset(short_name(named), found, built_in_signature(found, shapes), chosen.inputs)


def _check_resolution(request: Request, chosen: recipe.Recipe) -> None:
    """The user's own data have their shape stated another way."""
    if chosen.inputs.resolution is not None and is_custom_data(request.data_named):
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


def _custom_network(request: Request, *, progress: Progress, warn: Callable[[str], None], to_rate: bool) -> Prepared:
    """A network of the user's own, and what can be done with it."""
    name = recipe.complete(request.recipe, recipe.GENERIC)
    chosen = recipe.load(name, request.all_changes)
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
    messages = list(warnings) + ([] if data.source.official else [f"{data.name}: {data.source.note}"])
    objective = _objective(request, chosen, model, data)
    why = None if request.loss else why_untrained(model, data, request.data_named)
    if why and name != request.recipe:
        # So many zeros as sparse kernels need cost too much where nothing is trained.
        name, reason = recipe.complete(request.recipe, recipe.UNTRAINED), ""
    else:
        name, reason = _for_board(request, name, model.module, to_rate=to_rate and _bears_rate(chosen))
    chosen = named(recipe.load(name, request.all_changes), model.module)
    if why:
        chosen, how = without_training(chosen, model, len(data.train_x))
        messages.append(f"nothing is trained, because {why}; {how}")
    _check_possible(chosen, model)
    if model.one_by_one:
        messages.append(
            f"the batch of {model.source} is fixed inside its graph: it stays, one sample is computed at a time"
        )
    for message in messages:
        warn(message)
    if objective is None and model.why_not_run is None:
        join(model.module, model.signature)
    identity = {
        "model": model.architecture,
        "state": digest(model.module),
        "data": data.source.sha256,
        "data_version": DATA_VERSION,
        "inputs": recipe.deciding(chosen.inputs),
        **(objective.decides if objective else {}),
    }
    context = _context(request, chosen, data, model, identity, progress)
    if objective:
        objective.check(chosen, model.signature)
        context = replace(context, loss=objective.loss, metric=objective.metric or context.metric)
    trained = model.trained or why is not None
    return Prepared(data, model, context, messages, trained, name, reason, objective)


def _check_possible(chosen: recipe.Recipe, model: Model) -> None:
    """Make sure that a network of the user's own can have what the recipe asks for.

    Raises:
        InputError: it cannot; the line says what to change.
    """
    if chosen.structure and model.fixed:
        raise InputError(
            f"[structure] removes channels, and the graph of {model.source} has their number in its constants; "
            "give the network as package.module:factory, or leave [structure] out"
        )
    if chosen.export.int8 is True and model.one_by_one:
        raise NoInt8Error(
            f"int8 is calibrated with many samples at once, and {model.source} takes one; export it with a free batch "
            "(dynamic_shapes of torch.onnx.export)"
        )
    if chosen.export.float16_arithmetic is True and (not model.signature.plain or model.why_not_run):
        raise InputError("export.float16_arithmetic is for networks of one input and one output; set it to false")


def _objective(request: Request, chosen: recipe.Recipe, model: Model, data: Dataset) -> Objective | None:
    """The user's loss and metric; ``None``: there is neither.

    Raises:
        InputError: one of them is no function, or there is nothing to learn with it.
    """
    if request.better and request.metric is None:
        raise InputError("--better is the direction of --metric, and there is none; a loss is better where it is lower")
    if request.loss is None and request.metric is None:
        return None
    if model.why_not_run or not len(data.test_y):
        why = model.why_not_run or "the data have no targets (y)"
        raise InputError(f"{'--loss' if request.loss else '--metric'} has nothing to work on, because {why}")
    if request.loss and chosen.export.int8 is True:
        raise NoInt8Error("int8 is judged by its answers among classes, and --loss knows none")
    loss, metric = (None if spec is None else find(spec) for spec in (request.loss, request.metric))
    return Objective.of(model.module, model.signature, loss, metric, request.better)


def _context(
    request: Request,
    chosen: recipe.Recipe,
    data: Dataset,
    model: Model,
    identity: dict[str, Any],
    progress: Progress,
) -> Context:
    context = context_of(chosen, data, identity, cache_dir=request.cache_dir, progress=progress)
    return replace(context, latency=measure_of(model, chosen.structure)) if chosen.structure else context
