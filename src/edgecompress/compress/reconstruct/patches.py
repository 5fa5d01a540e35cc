"""A layer as a matrix product: what each of its outputs is computed from, one row a position."""

import torch
from torch import nn
from torch.nn import functional

Layer = nn.Conv1d | nn.Conv2d | nn.Linear


def groups(layer: Layer) -> int:
    """The number of parts of the layer's outputs that see different inputs."""
    return 1 if isinstance(layer, nn.Linear) else layer.groups


def matrix(layer: Layer, weight: torch.Tensor) -> torch.Tensor:
    """A tensor of the weight's shape as float64 of shape (groups, outputs, features), on the CPU.

    A group's outputs without the bias are ``patches @ matrix.T``.
    """
    parts = groups(layer)
    return weight.detach().cpu().double().reshape(parts, weight.shape[0] // parts, -1)


def patches(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    """The input patches from which the outputs of ``layer`` are computed.

    Args:
        layer: a convolution of one or two axes, or a linear layer.
        x: its input, shape (N, channels, ...), of a linear layer (..., features).

    Returns:
        Shape (groups, positions, features), positions of all samples one after the other.
    """
    if isinstance(layer, nn.Linear):
        return x.reshape(1, -1, layer.in_features)
    padded = _padded(layer, x)
    kernel, dilation, stride = layer.kernel_size, layer.dilation, layer.stride
    if isinstance(layer, nn.Conv1d):
        # The same with a second axis of length 1.
        padded, kernel, dilation, stride = padded[:, :, None], (1, *kernel), (1, *dilation), (1, *stride)
    columns = functional.unfold(padded, kernel, dilation=dilation, stride=stride)
    split = columns.reshape(len(x), layer.groups, -1, columns.shape[-1])
    return split.permute(1, 0, 3, 2).reshape(layer.groups, -1, split.shape[2])


def positions(layer: Layer, y: torch.Tensor) -> torch.Tensor:
    """The outputs ``y`` of ``layer``, shape (N, outputs, ...), as (groups, positions, outputs of a group)."""
    if isinstance(layer, nn.Linear):
        return y.reshape(1, -1, layer.out_features)
    split = y.reshape(len(y), layer.groups, layer.out_channels // layer.groups, -1)
    return split.permute(1, 0, 3, 2).reshape(layer.groups, -1, split.shape[2])


def _padded(layer: nn.Conv1d | nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
    """The input as the convolution pads it; ``functional.pad`` takes the last axis first."""
    sides: list[int] = []
    for axis in reversed(range(len(layer.kernel_size))):
        if layer.padding == "same":
            whole = layer.dilation[axis] * (layer.kernel_size[axis] - 1)
            sides += [whole // 2, whole - whole // 2]
        elif layer.padding == "valid":
            sides += [0, 0]
        else:
            sides += [int(layer.padding[axis])] * 2
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    return functional.pad(x, sides, mode=mode) if any(sides) else x
