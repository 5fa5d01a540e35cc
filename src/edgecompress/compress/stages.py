"""The stages in a row: train, prune, retrain, cluster. Each is kept when it is done, and is not done twice."""

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgecompress import methods
from edgecompress.compress import distill, invariants, rewind, train
from edgecompress.compress.checkpoints import Checkpoint, State, key
from edgecompress.compress.cluster.centroids import ALGORITHMS
from edgecompress.compress.cluster.finetune import SharedWeights
from edgecompress.compress.cluster.finetune import optimizer as centroid_optimizer
from edgecompress.compress.cluster.granularity import shares
from edgecompress.compress.device import place, training_device
from edgecompress.compress.evaluate import accuracy, refresh_batchnorm
from edgecompress.compress.layers import check_finite, compressible, distinct
from edgecompress.compress.prune import masks
from edgecompress.compress.prune.gradual import GradualPruning, HeldMasks
from edgecompress.compress.prune.plan import plan
from edgecompress.compress.reconstruct.check import check as check_reconstruction
from edgecompress.compress.reconstruct.cluster import cluster as cluster_reconstructed
from edgecompress.compress.reconstruct.inputs import calibration_inputs
from edgecompress.compress.reconstruct.prune import prune as prune_reconstructed
from edgecompress.compress.record import StageResult
from edgecompress.compress.train import TrainingData
from edgecompress.progress import Progress
from edgecompress.recipe import Recipe, Stage, Training, deciding

REFRESH_BATCHES = 100
Details = dict[str, float | int | str]


@dataclass(frozen=True)
class Context:
    """What every stage is given.

    Attributes:
        recipe: the settings of all stages.
        training: the training split.
        validation: inputs and classes of the validation split.
        folder: where checkpoints are kept.
        identity: what decides the network and the data (names, sizes, checksums); part of every checkpoint's key.
        progress: is told how far a stage is.
        early: the baseline's state at the epoch that weights are set back to, where they are.
        dense: the baseline's state, once it is there.
        calibration: makes the inputs that outputs are reconstructed on, once, where the recipe trains nothing.
    """

    recipe: Recipe
    training: TrainingData
    validation: tuple[torch.Tensor, torch.Tensor]
    folder: Path
    identity: Mapping[str, Any]
    progress: Progress
    early: State = field(default_factory=dict)
    dense: State = field(default_factory=dict)
    calibration: Callable[[], torch.Tensor] | None = None


@dataclass(frozen=True)
class Compressed:
    """The network before and after, as state dictionaries on the CPU, and what each stage did."""

    dense: State
    compressed: State
    stages: list[StageResult]


Work = Callable[[nn.Module, Context, Checkpoint], Details]


def compress(module: nn.Module, context: Context, *, trained: bool) -> Compressed:
    """Train ``module`` (unless it is ``trained`` already), prune, retrain and cluster it, in place.

    Raises:
        InputError: the recipe does not fit the network.
        CheckError: training diverged, or a stage broke what a stage before it had made.
    """
    recipe = context.recipe
    module = place(module, training_device())
    _check(module, recipe, trained=trained)
    chain = key("", "network", {**context.identity, "torch": torch.__version__, "width": recipe.width})
    results: list[StageResult] = []
    for name, work, settings in (
        ("train", _baseline if not trained else _given, recipe.train),
        ("prune", _prune, recipe.prune),
        ("retrain", _retrain, recipe.retrain),
        ("cluster", _cluster, recipe.cluster),
    ):
        decides = {"seed": recipe.seed, "settings": deciding(settings), "given": trained and name == "train"}
        if name != "train":
            decides["layers"] = {pattern: deciding(layer) for pattern, layer in recipe.layers.items()}
        if recipe.distill and name in recipe.distill.stages:
            decides["distill"] = recipe.distill.model_dump()
        if recipe.reconstruct and name != "train":
            decides["reconstruct"] = deciding(recipe.reconstruct)
        chain = key(chain, name, decides)
        checkpoint = Checkpoint(context.folder, chain)
        if name == "train" and recipe.retrain.rewind == "weights":
            context = replace(context, early=_early(module, context, checkpoint))
        epochs = 0 if decides["given"] or "reconstruct" in decides else settings.epochs
        results.append(_run(name, work, epochs, module, context, checkpoint))
        if name == "train":
            context = replace(context, dense=_state(module))
            context = replace(context, calibration=functools.cache(functools.partial(_calibration, module, context)))
    return Compressed(context.dense, _state(module), results)


def _check(module: nn.Module, recipe: Recipe, *, trained: bool) -> None:
    """Say what is wrong with the recipe before hours of training, not after."""
    weights = compressible(module, recipe)
    plan(weights, recipe)
    rewind.check(recipe, trained=trained)
    shares(weights, recipe)
    methods.find(ALGORITHMS, recipe.cluster.method)
    check_reconstruction(module, recipe)


def _run(
    name: str, work: Work, epochs: int, module: nn.Module, context: Context, checkpoint: Checkpoint
) -> StageResult:
    """Run one stage, or take its result from where an earlier run kept it."""
    kept = checkpoint.finished()
    if kept is not None:
        module.load_state_dict(kept[0])
        context.progress(name, 1, 1, "kept from an earlier run")
        return kept[1]
    weights = compressible(module, context.recipe)
    before = {layer: weight.detach().clone() for layer, weight in weights.items()}
    accuracy_before = accuracy(module, *context.validation) if name != "train" else None
    started = time.monotonic()
    details = work(module, context, checkpoint)
    check_finite(module, f"after the stage '{name}'")
    if name in ("retrain", "cluster"):
        invariants.same_zeros(before, weights, name)
    result = StageResult(
        stage=name,
        epochs=epochs,
        seconds=round(time.monotonic() - started, 1),
        validation_accuracy=accuracy(module, *context.validation),
        validation_accuracy_before=accuracy_before,
        sparsity=masks.sparsity(weights),
        distinct_max=max((distinct(weight) for weight in weights.values()), default=0),
        details=details,
    )
    checkpoint.finish(module, result)
    return result


def _sgd(module: nn.Module, settings: Training) -> torch.optim.Optimizer:
    """SGD; biases and BatchNorm are not decayed."""
    matrices = [parameter for parameter in module.parameters() if parameter.ndim > 1]
    vectors = [parameter for parameter in module.parameters() if parameter.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.SGD(
        groups, lr=settings.learning_rate, momentum=settings.momentum, nesterov=settings.momentum > 0
    )


def _fit(
    module: nn.Module,
    context: Context,
    checkpoint: Checkpoint,
    name: str,
    settings: Training,
    hooks: train.Hooks,
    *,
    carried: Mapping[str, torch.Tensor] | None = None,
    epochs: range | None = None,
) -> None:
    train.fit(
        module,
        context.training,
        settings,
        optimizer=_sgd(module, settings),
        hooks=hooks,
        seed=context.recipe.seed,
        title=name,
        checkpoint=checkpoint,
        progress=context.progress,
        loss=_loss(module, context, name, settings),
        carried=carried,
        epochs=epochs,
    )


def _loss(module: nn.Module, context: Context, name: str, settings: Stage) -> train.Loss:
    """What the stage ``name`` learns from: the classes, and the baseline where the recipe says so."""
    hard, wanted = train.CrossEntropy(settings.label_smoothing), context.recipe.distill
    if wanted is None or name not in wanted.stages:
        return hard
    return distill.Distilled(distill.teacher(module, context.dense), hard, wanted)


def _given(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:  # noqa: ARG001 - a stage's contract
    """Nothing: the user's checkpoint is the baseline."""
    return {"source": "checkpoint"}


def _baseline(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    _fit(module, context, checkpoint, "train", context.recipe.train, train.NoHooks())
    return {}


def _early(module: nn.Module, context: Context, baseline: Checkpoint) -> State:
    """The baseline's state at the epoch that weights are set back to; ``module`` is left as it was.

    It is trained to there and kept, and the baseline goes on from it. Where a baseline is kept already, its first
    epochs are trained again: they end with the same bits.
    """
    start, recipe = _state(module), context.recipe
    checkpoint = Checkpoint(context.folder, key(baseline.key, "early", {"epochs": rewind.epoch(recipe)}))
    _fit(module, context, checkpoint, "train", recipe.train, train.NoHooks(), epochs=range(rewind.epoch(recipe)))
    early = _state(module)
    module.load_state_dict(start)
    baseline.begin_from(checkpoint)
    return early


def _prune(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    recipe, settings = context.recipe, context.recipe.prune
    if context.calibration and recipe.reconstruct:
        return prune_reconstructed(module, _teacher(module, context), recipe, context.calibration, context.progress)
    steps = train.steps_per_epoch(len(context.training.x), settings.batch_size)
    pruning = GradualPruning(compressible(module, recipe), recipe, steps)
    if settings.epochs:
        _fit(module, context, checkpoint, "prune", settings, pruning, carried=pruning.carried)
    else:
        pruning.update(1.0)
    pattern = {"pattern": settings.pattern} if settings.pattern else {}
    return {"criterion": settings.criterion, "schedule": settings.schedule, "scope": settings.scope, **pattern}


def _retrain(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    recipe, settings = context.recipe, context.recipe.retrain
    if recipe.reconstruct:
        return {"reconstruct": "nothing is retrained"}
    weights = compressible(module, recipe)
    if settings.rewind is None:
        _fit(module, context, checkpoint, "retrain", settings, HeldMasks(weights))
        return {}
    if settings.rewind == "weights":
        rewind.set_back(module, weights, context.early)
    epochs = range(rewind.epoch(recipe), recipe.train.epochs)
    _fit(module, context, checkpoint, "retrain", recipe.train, HeldMasks(weights), epochs=epochs)
    return {"rewind": settings.rewind, "from_epoch": epochs.start}


def _cluster(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    recipe, settings = context.recipe, context.recipe.cluster
    if context.calibration and recipe.reconstruct:
        return cluster_reconstructed(module, _teacher(module, context), recipe, context.calibration, context.progress)
    weights = compressible(module, recipe)
    shared = SharedWeights(weights, recipe)
    refresh = list(_refresh_batches(context))
    refresh_batchnorm(module, refresh)
    shared_accuracy = accuracy(module, *context.validation)
    if settings.epochs:
        shared.after_step(0, 1)  # what is soft while it trains is soft from here on
    train.fit(
        module,
        context.training,
        settings,
        optimizer=centroid_optimizer(module, shared, settings),
        hooks=shared,
        seed=recipe.seed,
        title="cluster",
        checkpoint=checkpoint,
        progress=context.progress,
        loss=_loss(module, context, "cluster", settings),
    )
    shared.finish()
    refresh_batchnorm(module, refresh)
    invariants.few_values(weights, shared.most, "cluster")
    return {
        "method": settings.method,
        "bits": settings.bits,
        "granularity": settings.granularity,
        "training": settings.training,
        "inertia": shared.inertia,
        "clustering_seconds": round(shared.seconds, 3),
        "validation_accuracy_unfinetuned": shared_accuracy,
    }


def _teacher(module: nn.Module, context: Context) -> nn.Module:
    return distill.teacher(module, context.dense)


def _calibration(module: nn.Module, context: Context) -> torch.Tensor:
    """The inputs that the recipe reconstructs on; made in the first stage that needs them."""
    recipe = context.recipe
    assert recipe.reconstruct is not None
    teacher = _teacher(module, context)
    return calibration_inputs(
        teacher, context.training.x, recipe.reconstruct, seed=recipe.seed, progress=context.progress
    )


def _refresh_batches(context: Context) -> list[torch.Tensor]:
    """Inputs for BatchNorm's statistics: augmented as in training, always the same ones."""
    generator = train.epoch_generator(context.recipe.seed, -1)
    stream = train.batches(context.training, context.recipe.cluster, generator)
    return [x for (x, _), _ in zip(stream, range(REFRESH_BATCHES), strict=False)]


def _state(module: nn.Module) -> State:
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in module.state_dict().items()}
