"""Augmentation: shifted and mirrored copies of a batch, drawn from a generator so that a seed repeats them."""

import torch
from torch.nn import functional


def shift(batch: torch.Tensor, most: int, generator: torch.Generator) -> torch.Tensor:
    """Each sample moved by up to ``most`` steps along each spatial axis; what enters repeats the border.

    Args:
        batch: shape (N, C, L) or (N, C, H, W).
        most: largest shift, in samples or pixels; 0 returns the batch itself.
        generator: a CPU generator.
    """
    if most == 0:
        return batch
    axes = batch.ndim - 2
    padded = functional.pad(batch, [most, most] * axes, mode="replicate")
    count = len(batch)
    index: list[torch.Tensor] = [
        torch.arange(count).view([count] + [1] * (axes + 1)),
        torch.arange(batch.shape[1]).view([1, -1] + [1] * axes),
    ]
    for axis, size in enumerate(batch.shape[2:]):
        start = torch.randint(0, 2 * most + 1, (count,), generator=generator)
        shape = [count] + [1] * (axes + 1)
        shape[2 + axis] = size
        index.append((start[:, None] + torch.arange(size)).view(shape))
    return padded[tuple(part.to(batch.device) for part in index)]


def mirror(batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Each sample mirrored along its last axis with probability one half. ``batch``: shape (N, C, ..., W)."""
    chosen = torch.rand(len(batch), generator=generator).to(batch.device) < 0.5
    return torch.where(chosen.view([-1] + [1] * (batch.ndim - 1)), batch.flip(-1), batch)
