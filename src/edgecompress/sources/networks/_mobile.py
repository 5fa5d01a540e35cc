"""The blocks of mobile networks: normalised convolutions, separable ones, inverted residual blocks.

Each layer is laid out so that a runtime's sparse kernels can take the network as a whole: a 3x3 stem of stride 2, 1x1
convolutions of stride 1, depthwise convolutions padded by half their kernel on every side, sums, squeeze-and-excitation
by 1x1 convolutions, and a mean over the map before the linear head. TensorFlow's originals pad layers of stride 2 on
one side only, which moves their windows by a pixel and changes no parameter.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from edgecompress.sources.networks._layers import Layers

Activation = Callable[[], nn.Module]
Parts = list[tuple[str, nn.Module]]


def normalised(
    layers: Layers,
    before: int,
    after: int,
    kernel: int,
    *,
    stride: int = 1,
    depthwise: bool = False,
    activation: Activation | None = nn.ReLU,
) -> nn.Sequential:
    """A convolution without bias (``conv``), its batch normalisation (``norm``) and ``activation`` (``act``) if any."""
    groups = before if depthwise else 1
    convolution = layers.conv(before, after, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False)
    parts: Parts = [("conv", convolution), ("norm", layers.norm(after))]
    return nn.Sequential(OrderedDict(parts + ([("act", activation())] if activation else [])))


def separable(
    layers: Layers, before: int, after: int, *, stride: int, activation: Activation = nn.ReLU
) -> nn.Sequential:
    """A depthwise 3x3 and a 1x1 convolution, each normalised and activated (Howard et al. 2017, figure 3)."""
    depthwise = normalised(layers, before, before, 3, stride=stride, depthwise=True, activation=activation)
    pointwise = normalised(layers, before, after, 1, activation=activation)
    return nn.Sequential(OrderedDict(depthwise=depthwise, pointwise=pointwise))


class SqueezeExcite(nn.Module):
    """Squeeze and excitation: the means of all channels scale each (Hu et al. 2018; Howard et al. 2019, sec. 5.3)."""

    def __init__(self, layers: Layers, channels: int, squeezed: int) -> None:
        super().__init__()
        self.average = layers.average_pool(1)
        self.reduce = layers.conv(channels, squeezed, 1)
        self.relu = nn.ReLU()
        self.restore = layers.conv(squeezed, channels, 1)
        self.gate = nn.Hardsigmoid()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, channels, ...) to the same shape."""
        return x * self.gate(self.restore(self.relu(self.reduce(self.average(x)))))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Shape:
    """The settings that differ between the inverted residual blocks of a network.

    Attributes:
        kernel: of the depthwise convolution.
        expanded: channels inside; as many as come in: there is no expansion.
        after: channels that come out.
        stride: of the depthwise convolution.
        activation: after the expansion and the depthwise convolution; the projection has none.
        squeezed: channels between squeeze and excitation; ``None``: there is neither.
    """

    kernel: int
    expanded: int
    after: int
    stride: int
    activation: Activation
    squeezed: int | None = None


class InvertedResidual(nn.Module):
    """Expansion, depthwise convolution and linear projection, with a shortcut where the shape stays.

    Sandler et al. 2018, figure 4d; with squeeze-and-excitation before the projection, Howard et al. 2019, figure 4.
    """

    def __init__(self, layers: Layers, before: int, shape: Shape) -> None:
        super().__init__()
        act, inside = shape.activation, shape.expanded
        parts: Parts = [("expand", normalised(layers, before, inside, 1, activation=act))] if inside != before else []
        convolution = normalised(
            layers, inside, inside, shape.kernel, stride=shape.stride, depthwise=True, activation=act
        )
        parts.append(("depthwise", convolution))
        if shape.squeezed is not None:
            parts.append(("excite", SqueezeExcite(layers, inside, shape.squeezed)))
        parts.append(("project", normalised(layers, inside, shape.after, 1, activation=None)))
        self.body = nn.Sequential(OrderedDict(parts))
        self.residual = shape.stride == 1 and before == shape.after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, before, ...) to (batch, after, ...)."""
        y: torch.Tensor = self.body(x)
        return x + y if self.residual else y
