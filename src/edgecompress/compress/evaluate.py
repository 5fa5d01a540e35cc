"""Accuracy, and the refresh of BatchNorm's statistics."""

import torch
from torch import nn

from edgecompress.compress.device import autocast

BATCH = 500


@torch.no_grad()
def outputs(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The module's outputs in float32, evaluation mode, on the CPU. ``x``: shape (N, ...), any length."""
    module.eval()
    device = next(module.parameters()).device
    parts = [module(batch.to(device)).float().cpu() for batch in torch.split(x, BATCH)]
    return torch.cat(parts)


def accuracy(module: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """Percentage of samples whose highest output is their class. ``x``: (N, ...), ``y``: (N,) class numbers."""
    return 100.0 * float((outputs(module, x).argmax(1) == y).float().mean())


def judged(module: nn.Module, samples: tuple[torch.Tensor, torch.Tensor]) -> float | None:
    """``accuracy`` on ``samples``; ``None`` where they have no classes."""
    return accuracy(module, *samples) if len(samples[1]) else None


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
