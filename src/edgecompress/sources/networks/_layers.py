"""The parts that networks share: layers for one or two axes, scaled channel counts, input checks, initialisation."""

import math
from dataclasses import dataclass

import torch
from torch import nn

from edgecompress.errors import InputError


@dataclass(frozen=True)
class Layers:
    """The layer types of a network with one or two spatial axes."""

    conv: type[nn.Conv1d] | type[nn.Conv2d]
    norm: type[nn.BatchNorm1d] | type[nn.BatchNorm2d]
    max_pool: type[nn.MaxPool1d] | type[nn.MaxPool2d]
    average_pool: type[nn.AdaptiveAvgPool1d] | type[nn.AdaptiveAvgPool2d]


_BY_AXES = {
    1: Layers(nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d, nn.AdaptiveAvgPool1d),
    2: Layers(nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AdaptiveAvgPool2d),
}


def layers_for(network: str, input_shape: tuple[int, ...], classes: int, *, smallest: int) -> Layers:
    """The layer types for samples of ``input_shape``, each of whose axes must be at least ``smallest`` long.

    Raises:
        InputError: the shape or the number of classes is not one that ``network`` can have.
    """
    axes = len(input_shape) - 1
    if axes not in _BY_AXES or any(size < 1 for size in input_shape):
        raise InputError(
            f"{network}: input shape {_text(input_shape)} is not possible; "
            "give channels x length or channels x height x width"
        )
    if min(input_shape[1:]) < smallest:
        needed = (input_shape[0],) + (smallest,) * axes
        raise InputError(
            f"{network}: input shape {_text(input_shape)} is too small; its smallest input is {_text(needed)}"
        )
    if classes < 1:
        raise InputError(f"{network}: {classes} classes are not possible; give at least 1")
    return _BY_AXES[axes]


def scaled(channels: int, width: float) -> int:
    """``channels`` times ``width``, rounded to a multiple of 8 (half up) and at least 8.

    Multiples of 8 fill the vector registers of the runtimes' kernels on every target.

    Raises:
        InputError: ``width`` is not a positive number.
    """
    if not (math.isfinite(width) and width > 0):
        raise InputError(f"width {width} is not possible; give a number above 0, such as 0.5")
    return max(8, math.floor(channels * width / 8 + 0.5) * 8)


def initialised(network: nn.Module) -> nn.Module:
    """``network`` with fresh weights, its 2-D weights laid out channels last, which PyTorch's CPU kernels prefer.

    He, Zhang, Ren, Sun, "Delving Deep into Rectifiers", ICCV 2015: a layer before a ReLU gets a normal distribution of
    variance 2 / fan-in (equation 10); the linear head, which no ReLU follows, 1 / fan-in (equation 7 with gain 1).
    """
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        elif isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    # A 1-D network has no four-axis tensor and is left as it is.
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _text(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape)
