"""EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation and with ReLU6, which quantise and run everywhere.

Liu, "Higher accuracy on vision models with EfficientNet-Lite", TensorFlow blog, 2020; its blocks are those of Tan & Le,
"EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019, table 1. 4,652,008 parameters for
1,000 classes.
"""

from collections import OrderedDict

from torch import nn

from edgecompress.sources.networks._layers import initialised, layers_for, scaled
from edgecompress.sources.networks._mobile import InvertedResidual, Parts, Shape, normalised

# Expansion, kernel, channels that come out, repetitions, stride of the first.
_STAGES = (
    (1, 3, 16, 1, 1),
    (6, 3, 24, 2, 2),
    (6, 5, 40, 2, 2),
    (6, 3, 80, 3, 2),
    (6, 5, 112, 3, 1),
    (6, 5, 192, 4, 2),
    (6, 3, 320, 1, 1),
)


def efficientnet_lite0(*, input_shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Make EfficientNet-Lite0. See ``contract.Network``; any input size is possible, and the map is a 32nd of it.

    ``width`` multiplies the stem and the last convolution too; in Lite1 to Lite4 these stay as they are.

    Raises:
        InputError: the shape, the number of classes or the width is not possible.
    """
    layers = layers_for("efficientnet-lite0", input_shape, classes, smallest=1)
    before, last = scaled(32, width), scaled(1280, width)
    parts: Parts = [("stem", normalised(layers, input_shape[0], before, 3, stride=2, activation=nn.ReLU6))]
    number = 0
    for expansion, kernel, channels, repetitions, first in _STAGES:
        for stride in (first, *[1] * (repetitions - 1)):
            number += 1
            shape = Shape(kernel, expansion * before, scaled(channels, width), stride, nn.ReLU6)
            parts.append((f"block{number}", InvertedResidual(layers, before, shape)))
            before = shape.after
    parts += [
        ("last", normalised(layers, before, last, 1, activation=nn.ReLU6)),
        ("average", layers.average_pool(1)),
        ("flatten", nn.Flatten()),
        ("head", nn.Linear(last, classes)),
    ]
    return initialised(nn.Sequential(OrderedDict(parts)))
