"""The residual networks of basic blocks, for small inputs: a 3x3 stem, stages, the mean and one linear head.

He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, with the stem that the field uses for
32x32 images: stride 1 and no max-pool. Shortcuts that change shape are 1x1 convolutions (option B).
"""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import nn

from edgecompress.sources.networks._layers import Layers, initialised, layers_for, scaled


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, and a shortcut around them (figure 2 of the paper)."""

    def __init__(self, layers: Layers, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = layers.conv(before, after, 3, stride=stride, padding=1, bias=False)
        self.norm1 = layers.norm(after)
        self.relu1 = nn.ReLU()
        self.conv2 = layers.conv(after, after, 3, padding=1, bias=False)
        self.norm2 = layers.norm(after)
        self.shortcut = nn.Sequential()
        if stride != 1 or before != after:
            convolution = layers.conv(before, after, 1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(OrderedDict(conv=convolution, norm=layers.norm(after)))
        self.relu2 = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, before, ...) to (batch, after, ...)."""
        y = self.relu1(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return self.relu2(y + self.shortcut(x))  # type: ignore[no-any-return]


def residual(
    name: str, stages: Sequence[tuple[int, int]], *, input_shape: tuple[int, ...], classes: int, width: float
) -> nn.Module:
    """Make the network with ``stages`` of so many channels and blocks. See ``contract.Network``; any input size goes.

    The stem has the channels of the first stage; each later one begins with a stride of 2.

    Raises:
        InputError: the shape, the number of classes or the width is not possible.
    """
    layers = layers_for(name, input_shape, classes, smallest=1)
    before = scaled(stages[0][0], width)
    parts: list[tuple[str, nn.Module]] = [
        ("conv1", layers.conv(input_shape[0], before, 3, padding=1, bias=False)),
        ("norm1", layers.norm(before)),
        ("relu1", nn.ReLU()),
    ]
    for stage, (channels, count) in enumerate(stages, start=1):
        after = scaled(channels, width)
        blocks = [BasicBlock(layers, before, after, stride=1 if stage == 1 else 2)]
        blocks += [BasicBlock(layers, after, after, stride=1) for _ in range(count - 1)]
        parts.append((f"stage{stage}", nn.Sequential(*blocks)))
        before = after
    parts += [("average", layers.average_pool(1)), ("flatten", nn.Flatten()), ("head", nn.Linear(before, classes))]
    return initialised(nn.Sequential(OrderedDict(parts)))
