"""The targets of samples: one class each, or whatever a loss of the user's own takes.

Targets of N samples are a tensor (N, ...), a tuple or a dict of targets, or a list of N objects, one a sample, as boxes
whose number differs.
"""

from typing import Any

import torch

Targets = Any
"""See above; what a batch has is of the same form."""


def count(targets: Targets) -> int:
    """The number of samples that the targets are for.

    Raises:
        ValueError: parts of them are of different numbers of samples, or there are none.
    """
    if isinstance(targets, tuple | dict):
        parts = list(targets.values() if isinstance(targets, dict) else targets)
        sizes = {count(each) for each in parts}
        if len(sizes) != 1:
            raise ValueError(f"parts of the targets are of {sorted(sizes)} samples")
        return sizes.pop()
    return len(targets)


def taken(targets: Targets, index: torch.Tensor) -> Targets:
    """The targets of the samples ``index``, int64 (n,)."""
    if isinstance(targets, tuple):
        return tuple(taken(each, index) for each in targets)
    if isinstance(targets, dict):
        return {name: taken(each, index) for name, each in targets.items()}
    if isinstance(targets, list):
        return [targets[number] for number in index.tolist()]
    return targets[index]


def moved(targets: Targets, device: torch.device) -> Targets:
    """The targets with all tensors in them on ``device``."""
    if isinstance(targets, torch.Tensor):
        return targets.to(device)
    if isinstance(targets, dict):
        return {name: moved(each, device) for name, each in targets.items()}
    if isinstance(targets, tuple | list):
        return type(targets)(moved(each, device) for each in targets)
    return targets
