"""The metrics of a network, and the refresh of BatchNorm's statistics."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from edgecompress.compress.device import autocast
from edgecompress.compress.record import TOP_1, Better
from edgecompress.compress.targets import Targets, count
from edgecompress.errors import CheckError

BATCH = 500


@torch.no_grad()
def outputs(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The module's outputs in float32, evaluation mode, on the CPU. ``x``: shape (N, ...), any length."""
    module.eval()
    device = next(module.parameters()).device
    parts = [module(batch.to(device)).float().cpu() for batch in torch.split(x, BATCH)]
    return torch.cat(parts)


@dataclass(frozen=True)
class Metric:
    """A metric by which a network is judged.

    Attributes:
        name: for records and reports.
        function: gives one number of all outputs, as the network gives them for a batch, and the targets.
        better: the direction in which it is better; ``None``: not stated, and no drop is known.
    """

    name: str
    function: Callable[[Any, Any], float]
    better: Better | None

    def __call__(self, module: nn.Module, x: torch.Tensor, targets: Targets) -> float:
        """The network's worth on samples (N, ...).

        Raises:
            CheckError: it is no finite number.
        """
        value = float(self.function(outputs(module, x), targets))
        if not math.isfinite(value):
            raise CheckError(f"the metric '{self.name}' is {value} on the validation samples; give a finite number")
        return value

    def drop(self, dense: float, value: float) -> float:
        """The units by which ``value`` is worse than the ``dense`` network's; negative: it is better."""
        assert self.better is not None, "whoever needs a drop asks for the direction first"
        return dense - value if self.better == "higher" else value - dense


def top_1(outputs: torch.Tensor, y: torch.Tensor) -> float:
    """Percentage of samples whose highest output, of (N, classes), is their class, (N,)."""
    return 100.0 * float((outputs.argmax(1) == y).float().mean())


ACCURACY = Metric(TOP_1, top_1, "higher")


def accuracy(module: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """Percentage of samples whose highest output is their class. ``x``: (N, ...), ``y``: (N,) class numbers."""
    return top_1(outputs(module, x), y)


def judged(module: nn.Module, samples: tuple[torch.Tensor, Targets], metric: Metric = ACCURACY) -> float | None:
    """``metric`` on ``samples``; ``None`` where they have no classes or other targets."""
    return metric(module, *samples) if count(samples[1]) else None


@torch.no_grad()
def refresh_batchnorm(module: nn.Module, batches: list[torch.Tensor]) -> None:
    """Recompute the running statistics of all BatchNorm layers as plain averages over ``batches``.

    Compression changes what each layer puts out; statistics of the dense network no longer fit.
    """
    norms = [layer for layer in module.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    if not norms or not batches:
        return
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.reset_running_stats()
        layer.momentum = None  # a cumulative average, the same weight for each batch
    module.train()
    device = next(module.parameters()).device
    for batch in batches:
        with autocast(device):
            module(batch.to(device))
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
    module.eval()
