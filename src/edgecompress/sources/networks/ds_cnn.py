"""DS-CNN: a stem, four depthwise separable convolutions of 64 channels, the mean and one linear head.

Zhang, Suda, Lai, Chandra, "Hello Edge: Keyword Spotting on Microcontrollers", arXiv:1711.07128, 2017: the small DS-CNN.
Its stem of 10x4 fits a spectrogram (``ds_cnn_kws`` has that); here it is 3x3, as in the other networks. 21,196
parameters for one channel and 12 classes.
"""

from collections import OrderedDict

from torch import nn

from edgecompress.sources.networks._layers import Layers, initialised, layers_for, scaled
from edgecompress.sources.networks._mobile import Parts, normalised, separable

_BLOCKS = 4


def ds_cnn(*, input_shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Make DS-CNN. See ``contract.Network``; any input size is possible, and the map is half of it.

    Raises:
        InputError: the shape, the number of classes or the width is not possible.
    """
    layers = layers_for("ds-cnn", input_shape, classes, smallest=1)
    channels = scaled(64, width)
    stem = normalised(layers, input_shape[0], channels, 3, stride=2)
    return with_stem(layers, stem, channels, classes)


def with_stem(layers: Layers, stem: nn.Module, channels: int, classes: int) -> nn.Module:
    """DS-CNN behind a ``stem`` of so many channels."""
    parts: Parts = [("stem", stem)]
    parts += [(f"block{number}", separable(layers, channels, channels, stride=1)) for number in range(1, _BLOCKS + 1)]
    parts += [("average", layers.average_pool(1)), ("flatten", nn.Flatten()), ("head", nn.Linear(channels, classes))]
    return initialised(nn.Sequential(OrderedDict(parts)))
