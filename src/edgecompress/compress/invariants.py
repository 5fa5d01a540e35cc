"""Invariants between stages: zeros stay zeros, palettes stay palettes. A broken one stops the build."""

from collections.abc import Mapping

import torch

from edgecompress.compress.layers import distinct
from edgecompress.errors import CheckError


def same_zeros(zeros: Mapping[str, torch.Tensor], after: Mapping[str, torch.Tensor], stage: str) -> None:
    """Make sure that a stage kept each layer's ``zeros``, bool, exactly: the same weights, neither fewer nor more.

    Raises:
        CheckError: a layer's zeros changed; the line names the layer and the counts.
    """
    for name, weight in after.items():
        old, new = zeros[name], weight == 0
        if not torch.equal(old.cpu(), new.cpu()):
            raise CheckError(
                f"{stage}: layer '{name}' had {int(old.sum())} zeros and now has {int(new.sum())}, not the same ones"
            )


def kept_zeros(zeros: Mapping[str, torch.Tensor], after: Mapping[str, torch.Tensor], stage: str) -> None:
    """Make sure that a stage kept each layer's ``zeros``, bool; it may have added some.

    Raises:
        CheckError: a zero is gone; the line names the layer and the count.
    """
    for name, weight in after.items():
        lost = int((zeros[name].cpu() & (weight != 0).cpu()).sum())
        if lost:
            raise CheckError(f"{stage}: {lost} zeros of layer '{name}' are no zeros any more")


def few_values(weights: Mapping[str, torch.Tensor], most: Mapping[str, int], stage: str) -> None:
    """Make sure that each layer has at most ``most[name]`` distinct values, zero included.

    Raises:
        CheckError: a layer has more; the line names it.
    """
    for name, weight in weights.items():
        count = distinct(weight)
        if count > most[name]:
            raise CheckError(
                f"{stage}: layer '{name}' has {count} distinct values, more than the {most[name]} it was given"
            )
