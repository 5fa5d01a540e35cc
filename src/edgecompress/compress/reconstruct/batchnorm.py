"""BatchNorm's statistics, moved by what compression changed."""

import torch
from torch import nn

from edgecompress.compress.reconstruct.capture import Norm, Position, passes


def correct(module: nn.Module, teacher: nn.Module, place: Position, x: torch.Tensor) -> None:
    """Give one BatchNorm of ``module``, in place, the statistics that its inputs have now.

    The mean moves by the difference that compression makes on ``x``, the variance changes by its ratio. Both are of the
    same few inputs, so what these inputs have of their own cancels out, as it would not in statistics taken anew.

    Args:
        module: the network that is compressed, up to this layer.
        teacher: the same network, dense.
        place: the BatchNorm.
        x: inputs of the network, shape (N, C, ...).
    """
    layer = module.get_submodule(place.name)
    assert isinstance(layer, Norm)
    if layer.running_mean is None or layer.running_var is None:
        return
    mean, variance = statistics(module, place, x)
    dense_mean, dense_variance = statistics(teacher, place, x)
    ratio = (variance + layer.eps) / (dense_variance + layer.eps)
    layer.running_mean.add_((mean - dense_mean).to(layer.running_mean))
    layer.running_var.mul_(ratio.to(layer.running_var))


def statistics(module: nn.Module, place: Position, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance of each channel of what a layer is given, float64 of shape (channels,)."""
    count, sums, squares = 0, torch.zeros(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    for given, _ in passes(module, place, x):
        values = given.double().transpose(0, 1).flatten(1).cpu()
        count, sums, squares = count + values.shape[1], sums + values.sum(1), squares + values.square().sum(1)
    mean = sums / count
    return mean, (squares / count - mean.square()).clamp(min=0.0)
