"""The stages in a row: train, prune, retrain, cluster. Each is kept when it is done, and is not done twice."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgecompress import methods
from edgecompress.compress import invariants, train
from edgecompress.compress.checkpoints import Checkpoint, State, key
from edgecompress.compress.cluster.centroids import ALGORITHMS
from edgecompress.compress.cluster.finetune import SharedWeights
from edgecompress.compress.cluster.finetune import optimizer as centroid_optimizer
from edgecompress.compress.cluster.granularity import shares
from edgecompress.compress.device import place, training_device
from edgecompress.compress.evaluate import accuracy, refresh_batchnorm
from edgecompress.compress.layers import check_finite, compressible, distinct
from edgecompress.compress.prune import masks
from edgecompress.compress.prune.gradual import CRITERIA, SCHEDULES, GradualPruning, HeldMasks
from edgecompress.compress.record import StageResult
from edgecompress.compress.train import TrainingData
from edgecompress.progress import Progress
from edgecompress.recipe import Recipe, Training, deciding

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
    """

    recipe: Recipe
    training: TrainingData
    validation: tuple[torch.Tensor, torch.Tensor]
    folder: Path
    identity: Mapping[str, Any]
    progress: Progress


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
    _check(module, recipe)
    chain = key("", "network", {**context.identity, "torch": torch.__version__, "width": recipe.width})
    results: list[StageResult] = []
    dense: State = {}
    for name, work, settings in (
        ("train", _baseline if not trained else _given, recipe.train),
        ("prune", _prune, recipe.prune),
        ("retrain", _retrain, recipe.retrain),
        ("cluster", _cluster, recipe.cluster),
    ):
        decides = {"seed": recipe.seed, "settings": deciding(settings), "given": trained and name == "train"}
        if name != "train":
            decides["layers"] = {pattern: deciding(layer) for pattern, layer in recipe.layers.items()}
        chain = key(chain, name, decides)
        epochs = 0 if decides["given"] else settings.epochs
        results.append(_run(name, work, epochs, module, context, Checkpoint(context.folder, chain)))
        if name == "train":
            dense = _state(module)
    return Compressed(dense, _state(module), results)


def _check(module: nn.Module, recipe: Recipe) -> None:
    """Say what is wrong with the recipe before hours of training, not after."""
    shares(compressible(module, recipe), recipe)
    methods.find(CRITERIA, recipe.prune.criterion)
    methods.find(SCHEDULES, recipe.prune.schedule)
    methods.find(ALGORITHMS, recipe.cluster.method)


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
    module: nn.Module, context: Context, checkpoint: Checkpoint, name: str, settings: Training, hooks: train.Hooks
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
    )


def _given(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:  # noqa: ARG001 - a stage's contract
    """Nothing: the user's checkpoint is the baseline."""
    return {"source": "checkpoint"}


def _baseline(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    _fit(module, context, checkpoint, "train", context.recipe.train, train.NoHooks())
    return {}


def _prune(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    recipe, settings = context.recipe, context.recipe.prune
    weights = compressible(module, recipe)
    own = {name: rate for name in weights if (rate := recipe.layer(name).sparsity) is not None}
    steps = train.steps_per_epoch(len(context.training.x), settings.batch_size)
    pruning = GradualPruning(weights, settings, own, steps)
    if settings.epochs:
        _fit(module, context, checkpoint, "prune", settings, pruning)
    else:
        pruning.update(1.0)
    return {"criterion": settings.criterion, "schedule": settings.schedule, "scope": settings.scope}


def _retrain(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    hooks = HeldMasks(compressible(module, context.recipe))
    _fit(module, context, checkpoint, "retrain", context.recipe.retrain, hooks)
    return {}


def _cluster(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    recipe, settings = context.recipe, context.recipe.cluster
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


def _refresh_batches(context: Context) -> list[torch.Tensor]:
    """Inputs for BatchNorm's statistics: augmented as in training, always the same ones."""
    generator = train.epoch_generator(context.recipe.seed, -1)
    stream = train.batches(context.training, context.recipe.cluster, generator)
    return [x for (x, _), _ in zip(stream, range(REFRESH_BATCHES), strict=False)]


def _state(module: nn.Module) -> State:
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in module.state_dict().items()}
