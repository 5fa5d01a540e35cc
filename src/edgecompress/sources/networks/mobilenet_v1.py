"""MobileNetV1: a stem, thirteen depthwise separable convolutions, the mean and one linear head.

Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", arXiv:1704.04861,
2017, table 1. 4,231,976 parameters for 1,000 classes.
"""

from collections import OrderedDict

from torch import nn

from edgecompress.sources.networks._layers import initialised, layers_for, scaled
from edgecompress.sources.networks._mobile import Parts, normalised, separable

# Channels that come out, and the stride of the depthwise convolution.
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))


def mobilenet_v1(*, input_shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Make MobileNetV1. See ``contract.Network``; any input size is possible, and the map is a 32nd of it.

    Raises:
        InputError: the shape, the number of classes or the width is not possible.
    """
    layers = layers_for("mobilenet-v1", input_shape, classes, smallest=1)
    before = scaled(32, width)
    parts: Parts = [("stem", normalised(layers, input_shape[0], before, 3, stride=2))]
    for number, (channels, stride) in enumerate(_BLOCKS, start=1):
        after = scaled(channels, width)
        parts.append((f"block{number}", separable(layers, before, after, stride=stride)))
        before = after
    parts += [("average", layers.average_pool(1)), ("flatten", nn.Flatten()), ("head", nn.Linear(before, classes))]
    return initialised(nn.Sequential(OrderedDict(parts)))
