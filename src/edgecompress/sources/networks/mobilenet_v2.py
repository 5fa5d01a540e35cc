"""MobileNetV2: a stem, seventeen inverted residual blocks, a last 1x1 convolution, the mean and one linear head.

Sandler, Howard, Zhu, Zhmoginov, Chen, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018, table 2.
3,504,872 parameters for 1,000 classes.
"""

from collections import OrderedDict

from torch import nn

from edgecompress.sources.networks._layers import initialised, layers_for, scaled
from edgecompress.sources.networks._mobile import InvertedResidual, Parts, Shape, normalised

# Expansion, channels that come out, repetitions, stride of the first.
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def mobilenet_v2(*, input_shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Make MobileNetV2. See ``contract.Network``; any input size is possible, and the map is a 32nd of it.

    ``width`` multiplies the last convolution too, which the paper leaves at 1,280 channels below width 1.

    Raises:
        InputError: the shape, the number of classes or the width is not possible.
    """
    layers = layers_for("mobilenet-v2", input_shape, classes, smallest=1)
    before, last = scaled(32, width), scaled(1280, width)
    parts: Parts = [("stem", normalised(layers, input_shape[0], before, 3, stride=2, activation=nn.ReLU6))]
    number = 0
    for expansion, channels, repetitions, first in _STAGES:
        for stride in (first, *[1] * (repetitions - 1)):
            number += 1
            shape = Shape(3, expansion * before, scaled(channels, width), stride, nn.ReLU6)
            parts.append((f"block{number}", InvertedResidual(layers, before, shape)))
            before = shape.after
    parts += [
        ("last", normalised(layers, before, last, 1, activation=nn.ReLU6)),
        ("average", layers.average_pool(1)),
        ("flatten", nn.Flatten()),
        ("head", nn.Linear(last, classes)),
    ]
    return initialised(nn.Sequential(OrderedDict(parts)))
