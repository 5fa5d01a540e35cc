"""The training loop that every stage uses: seeded, resumable, one epoch at a time."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn
from torch.nn import functional

from edgecompress.compress import augment
from edgecompress.compress.checkpoints import Checkpoint
from edgecompress.compress.device import autocast
from edgecompress.compress.targets import Targets, moved, taken
from edgecompress.errors import CheckError
from edgecompress.progress import Progress
from edgecompress.recipe import StageSettings, Training


@dataclass(frozen=True)
class TrainingData:
    """The data of the training loop. ``x``: float32 (N, C, ...), ``y``: int64 (N,), or what the loss takes."""

    x: torch.Tensor
    y: Targets
    shift: int = 0
    mirror: bool = False


Batch = tuple[torch.Tensor, Targets]
"""Inputs, and their classes or other targets."""


class Hooks(Protocol):
    """The hooks of a stage in the training loop."""

    def after_backward(self) -> None:
        """Gradients are there, the step is not yet taken."""

    def after_step(self, done: int, total: int) -> None:
        """``done`` of ``total`` steps are taken."""


class Loss(Protocol):
    """The loss that a stage minimises."""

    def __call__(self, x: torch.Tensor, logits: torch.Tensor, y: Targets) -> torch.Tensor:
        """The mean loss of a batch.

        Args:
            x: what the network was given, shape (N, C, ...).
            logits: what it put out, float32 of shape (N, classes).
            y: the classes, int64 of shape (N,); of a loss of the user's own, its targets.
        """
        ...


@dataclass(frozen=True)
class CrossEntropy:
    """The loss of the classes alone."""

    label_smoothing: float = 0.0

    def __call__(self, x: torch.Tensor, logits: torch.Tensor, y: Targets) -> torch.Tensor:  # noqa: ARG002
        """The mean cross entropy of a batch."""
        return functional.cross_entropy(logits, y, label_smoothing=self.label_smoothing)


def rate_factor(step: int, total: int, *, warmup: float, final_rate: float) -> float:
    """Factor on the peak learning rate: a linear rise in the warm-up, then half a cosine down to ``final_rate``.

    Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation 5, one period.
    """
    rise = warmup * total
    if step < rise:
        return (step + 1) / (rise + 1)
    progress = (step - rise) / max(1.0, total - rise)
    return final_rate + (1 - final_rate) * (1 + math.cos(math.pi * progress)) / 2


def batches(data: TrainingData, settings: StageSettings, generator: torch.Generator) -> Iterator[Batch]:
    """One epoch in random order, augmented where the recipe says so.

    The last batch is at least half full or left out: BatchNorm learns nothing good from a handful of samples.
    """
    order = torch.randperm(len(data.x), generator=generator)
    for index in torch.split(order, settings.batch_size):
        if len(index) < min(settings.batch_size, len(order)) / 2:
            continue
        x = data.x[index]
        if settings.augment:
            x = augment.shift(x, data.shift, generator)
            x = augment.mirror(x, generator) if data.mirror else x
        yield x, taken(data.y, index)


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """The source of all randomness of one epoch: a resumed run draws what an uninterrupted one would have drawn."""
    return torch.Generator().manual_seed(seed * 1_000_003 + epoch)


def sgd(module: nn.Module, settings: Training) -> torch.optim.Optimizer:
    """SGD over all parameters; biases and BatchNorm are not decayed."""
    matrices = [parameter for parameter in module.parameters() if parameter.ndim > 1]
    vectors = [parameter for parameter in module.parameters() if parameter.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.SGD(
        groups, lr=settings.learning_rate, momentum=settings.momentum, nesterov=settings.momentum > 0
    )


def fit(
    module: nn.Module,
    data: TrainingData,
    settings: StageSettings,
    *,
    optimizer: torch.optim.Optimizer,
    hooks: Hooks,
    seed: int,
    title: str,
    checkpoint: Checkpoint,
    progress: Progress,
    loss: Loss | None = None,
    classes: bool = True,
    carried: Mapping[str, torch.Tensor] | None = None,
    epochs: range | None = None,
) -> None:
    """Train ``module`` in place for ``settings.epochs`` epochs, going on from ``checkpoint`` where there is one.

    Args:
        module: the network, on the device to train on.
        data: what it learns from.
        settings: of the stage.
        optimizer: over what is trained, with the peak learning rates.
        hooks: what the stage does inside the loop.
        seed: of order and augmentation.
        title: the stage's name, for progress and errors.
        checkpoint: where the state is kept after each epoch.
        progress: called with every step.
        loss: what is made small; cross entropy with the classes if None.
        classes: whether the targets are classes, so that there is an accuracy to tell of.
        carried: tensors of ``hooks`` that a resumed run needs as they were; they are restored in place.
        epochs: which of the schedule's epochs are trained; all if None.

    Raises:
        CheckError: the loss became NaN or infinite.
    """
    loss = loss or CrossEntropy(settings.label_smoothing)
    epochs = range(settings.epochs) if epochs is None else epochs
    device = next(module.parameters()).device
    steps = max(1, steps_per_epoch(len(data.x), settings.batch_size))
    total = steps * settings.epochs
    peaks = [group["lr"] for group in optimizer.param_groups]
    # The optimizer may be of other tensors than the network's, and lets those of the stage before lie: a first step
    # from here would not be that of a run which goes on from what was kept.
    module.zero_grad(set_to_none=True)
    first = checkpoint.restore(module, optimizer, carried or {}) or epochs.start
    for epoch in range(first, epochs.stop):
        module.train()
        seen, right, loss_sum = 0, 0.0, 0.0
        generator = epoch_generator(seed, epoch)
        for step, (x, y) in enumerate(batches(data, settings, generator), start=epoch * steps):
            factor = rate_factor(step, total, warmup=settings.warmup, final_rate=settings.final_rate)
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
            value, logits = _step(module, x.to(device), moved(y, device), loss, optimizer, hooks)
            hooks.after_step(step + 1, total)
            seen, loss_sum = seen + len(x), loss_sum + value * len(x)
            if not math.isfinite(value):
                raise CheckError(
                    f"{title}: the loss became {value} in epoch {epoch + 1}; lower its learning_rate in the recipe"
                )
            note = f"epoch {epoch + 1}/{settings.epochs}, loss {loss_sum / seen:.3f}"
            if classes:
                right += float((logits.cpu().argmax(1) == y).sum())
                note += f", training accuracy {100 * right / seen:.1f} %"
            progress(title, step + 1, total, note)
        checkpoint.save(module, optimizer, epoch + 1, carried or {})


def _step(
    module: nn.Module,
    x: torch.Tensor,
    y: Targets,
    loss: Loss,
    optimizer: torch.optim.Optimizer,
    hooks: Hooks,
) -> tuple[float, torch.Tensor]:
    """One step: forward, backward, update. Returns the loss, and what the network put out."""
    if x.ndim == 4:
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer.zero_grad(set_to_none=True)
    with autocast(x.device):
        logits = module(x)
    value = loss(x, logits.float(), y)
    torch.autograd.backward(value)
    hooks.after_backward()
    optimizer.step()
    return float(value.detach()), logits.detach()


def steps_per_epoch(count: int, batch: int) -> int:
    """The number of batches that ``batches`` yields from ``count`` samples."""
    whole, rest = divmod(count, batch)
    return whole + (rest >= min(batch, count) / 2 and rest > 0)


class NoHooks:
    """A stage that does nothing inside the loop."""

    def after_backward(self) -> None:
        """Do nothing."""

    def after_step(self, done: int, total: int) -> None:
        """Do nothing."""
