"""Check that the numbers of a network are finite."""

from collections.abc import Iterator

import torch
from torch import nn


def not_finite(module: nn.Module) -> str | None:
    """The name of the first weight or running statistic that is NaN or infinite; ``None``: there is none.

    Other buffers may be infinite, as the masks of attention are, and must not be NaN.
    """
    for name, tensor, weight in _tensors(module):
        if tensor.is_floating_point() and bool((~torch.isfinite(tensor) if weight else torch.isnan(tensor)).any()):
            return name
    return None


def _tensors(module: nn.Module) -> Iterator[tuple[str, torch.Tensor, bool]]:
    for name, layer in module.named_modules():
        prefix = f"{name}." if name else ""
        statistics = isinstance(layer, nn.modules.batchnorm._NormBase)
        for own, parameter in layer.named_parameters(recurse=False):
            yield prefix + own, parameter.detach(), True
        for own, buffer in layer.named_buffers(recurse=False):
            yield prefix + own, buffer, statistics
