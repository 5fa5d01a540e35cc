"""Training in a stage: what it learns from, and the batches that renew BatchNorm's statistics."""

from collections.abc import Mapping

import torch
from torch import nn

from edgecompress.compress import distill, train
from edgecompress.compress.checkpoints import Checkpoint
from edgecompress.compress.context import Context
from edgecompress.compress.stages.contract import Run
from edgecompress.compress.targets import count
from edgecompress.recipe import StageSettings, Training

WAITING = "another process is at it"
REFRESH_BATCHES = 100


def fit(
    module: nn.Module,
    run: Run,
    checkpoint: Checkpoint,
    name: str,
    settings: Training,
    hooks: train.Hooks,
    *,
    title: str | None = None,
    carried: Mapping[str, torch.Tensor] | None = None,
    epochs: range | None = None,
) -> None:
    """Train ``module`` by stochastic gradient descent, as the stage ``name``; see ``train.fit``."""
    if not (range(settings.epochs) if epochs is None else epochs):
        return  # PyTorch's first optimizer takes two seconds and 70 MiB: for it, a compiler is imported
    context = run.context
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
        loss=loss_of(module, run, name, settings),
        classes=context.loss is None,
        carried=carried,
        epochs=epochs,
    )


def loss_of(module: nn.Module, run: Run, name: str, settings: StageSettings) -> train.Loss:
    """The loss of the stage ``name``: of the classes or the user's own, distilled where the recipe says so."""
    hard, wanted = run.context.loss or train.CrossEntropy(settings.label_smoothing), run.recipe.distill
    if wanted is None or name not in wanted.stages:
        return hard
    return distill.Distilled(run.teacher(module), hard, wanted)


def refresh_batches(context: Context) -> list[train.Batch]:
    """Batches for BatchNorm's statistics: augmented as in training, always the same; none without training data."""
    if not count(context.training.y):
        return []
    generator = train.epoch_generator(context.recipe.seed, -1)
    stream = train.batches(context.training, context.recipe.cluster, generator)
    return [batch for batch, _ in zip(stream, range(REFRESH_BATCHES), strict=False)]
