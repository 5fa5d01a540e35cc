"""What each stage does with the network. ``stages`` says in which order, and keeps what comes out."""

from collections.abc import Mapping

import torch
from torch import nn

from edgecompress.compress import distill, invariants, rewind, train
from edgecompress.compress.checkpoints import Checkpoint, State, key
from edgecompress.compress.cluster.finetune import SharedWeights
from edgecompress.compress.cluster.finetune import optimizer as centroid_optimizer
from edgecompress.compress.cluster.rate import RateConstrained
from edgecompress.compress.context import Context, Details, state_of
from edgecompress.compress.evaluate import refresh_batchnorm
from edgecompress.compress.importance import importance
from edgecompress.compress.layers import compressible
from edgecompress.compress.prune.gradual import GradualPruning, HeldMasks
from edgecompress.compress.reconstruct.cluster import cluster as cluster_reconstructed
from edgecompress.compress.reconstruct.inputs import calibration_inputs
from edgecompress.compress.reconstruct.prune import prune as prune_reconstructed
from edgecompress.compress.structure import rounds
from edgecompress.compress.structure.contract import Work as Structuring
from edgecompress.compress.structure.scoring import Batches
from edgecompress.compress.targets import count
from edgecompress.lock import held
from edgecompress.recipe import Stage, Training

WAITING = "another process is at it"
REFRESH_BATCHES = 100
SCORED_BATCHES = 100


def _fit(
    module: nn.Module,
    context: Context,
    checkpoint: Checkpoint,
    name: str,
    settings: Training,
    hooks: train.Hooks,
    *,
    title: str | None = None,
    carried: Mapping[str, torch.Tensor] | None = None,
    epochs: range | None = None,
) -> None:
    if not (range(settings.epochs) if epochs is None else epochs):
        return  # PyTorch's first optimizer takes two seconds and 70 MiB: for it, a compiler is imported
    train.fit(
        module,
        context.training,
        settings,
        optimizer=train.sgd(module, settings),
        hooks=hooks,
        seed=context.recipe.seed,
        title=title or name,
        checkpoint=checkpoint,
        progress=context.progress,
        loss=_loss(module, context, name, settings),
        classes=context.loss is None,
        carried=carried,
        epochs=epochs,
    )


def _loss(module: nn.Module, context: Context, name: str, settings: Stage) -> train.Loss:
    """What the stage ``name`` learns from: the classes or the user's loss, and the baseline where the recipe says."""
    hard, wanted = context.loss or train.CrossEntropy(settings.label_smoothing), context.recipe.distill
    if wanted is None or name not in wanted.stages:
        return hard
    return distill.Distilled(distill.teacher(module, context.dense), hard, wanted)


def given(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:  # noqa: ARG001 - a stage's contract
    """Nothing: the user's checkpoint is the baseline."""
    return {"source": "checkpoint"}


def baseline(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    """Train the network that all others are compared with."""
    _fit(module, context, checkpoint, "train", context.recipe.train, train.NoHooks())
    return {}


def early(module: nn.Module, context: Context, baseline: Checkpoint) -> State:
    """The baseline's state at the epoch that weights are set back to; ``module`` is left as it was.

    It is trained to there and kept, and the baseline goes on from it. Where a baseline is kept already, its first
    epochs are trained again: they end with the same bits.
    """
    start, recipe = state_of(module), context.recipe
    checkpoint = Checkpoint(context.folder, key(baseline.key, "early", {"epochs": rewind.epoch(recipe)}))
    with held(checkpoint.lock, lambda: context.progress("train", 0, 1, WAITING)):
        _fit(module, context, checkpoint, "train", recipe.train, train.NoHooks(), epochs=range(rewind.epoch(recipe)))
    early = state_of(module)
    module.load_state_dict(start)
    baseline.begin_from(checkpoint)
    return early


def structure(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    """Remove channels round by round to the recipe's target, and retrain."""
    settings = context.recipe.structure
    assert settings is not None

    def retrain(title: str, kept: Checkpoint) -> None:
        _fit(module, context, kept, "structure", settings, train.NoHooks(), title=title)

    def batches(number: int) -> Batches:
        stream = train.batches(context.training, settings, train.epoch_generator(context.recipe.seed, -1 - number))
        return (batch for batch, _ in zip(stream, range(SCORED_BATCHES), strict=False))

    work = Structuring(
        recipe=context.recipe,
        sample=context.training.x[:1],
        batches=batches,
        judge=lambda: context.judge(module),
        loss=context.loss,
        latency=context.latency,
        retrain=retrain,
    )
    return rounds.run(module, work, checkpoint)


def prune(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    """Set the weights of lowest score to zero: while the network trains, at once, or with its outputs reconstructed."""
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


def retrain(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    """Train what is left with its zeros held, as fine-tuning or from an earlier epoch of the baseline on."""
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


def cluster(module: nn.Module, context: Context, checkpoint: Checkpoint) -> Details:
    """Share the weights among few values, and train these or reconstruct the outputs."""
    recipe, settings = context.recipe, context.recipe.cluster
    if context.calibration and recipe.reconstruct:
        return cluster_reconstructed(module, _teacher(module, context), recipe, context.calibration, context.progress)
    weights = compressible(module, recipe)
    batches = _refresh_batches(context)
    refresh = [x for x, _ in batches]
    shared: SharedWeights | RateConstrained
    if settings.rate is None:
        shared = SharedWeights(weights, recipe)
    else:
        found = importance(module, weights, batches, _loss(module, context, "cluster", settings))
        steps = train.steps_per_epoch(len(context.training.x), settings.batch_size)
        shared = RateConstrained(weights, found, recipe, steps if settings.epochs else 0)
    refresh_batchnorm(module, refresh)
    shared_accuracy = context.judge(module)
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
            classes=context.loss is None,
            carried=shared.carried,
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
        **(shared.details if isinstance(shared, RateConstrained) else {}),
        **({} if shared_accuracy is None else {"validation_accuracy_unfinetuned": shared_accuracy}),
    }


def _teacher(module: nn.Module, context: Context) -> nn.Module:
    return distill.teacher(module, context.dense)


def calibration(module: nn.Module, context: Context) -> torch.Tensor:
    """The inputs that the recipe reconstructs on; made in the first stage that needs them."""
    recipe = context.recipe
    assert recipe.reconstruct is not None
    teacher = _teacher(module, context)
    return calibration_inputs(
        teacher, context.training.x, recipe.reconstruct, seed=recipe.seed, progress=context.progress
    )


def _refresh_batches(context: Context) -> list[train.Batch]:
    """Batches for BatchNorm's statistics: augmented as in training, always the same; none without training data."""
    if not count(context.training.y):
        return []
    generator = train.epoch_generator(context.recipe.seed, -1)
    stream = train.batches(context.training, context.recipe.cluster, generator)
    return [batch for batch, _ in zip(stream, range(REFRESH_BATCHES), strict=False)]
