"""The VGG networks with batch normalisation, for small inputs.

Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015, table 1, with
batch normalisation after each convolution and one linear head in place of the three wide ones, as the field has it for
32x32 images. The convolutions keep their bias, although the normalisation makes it redundant, because the well-known
parameter counts include it.
"""

from collections import OrderedDict

from torch import nn

from edgecompress.sources.networks._layers import initialised, layers_for, scaled

_CHANNELS = (64, 128, 256, 512, 512)


def vgg(
    name: str, convolutions: tuple[int, ...], *, input_shape: tuple[int, ...], classes: int, width: float
) -> nn.Module:
    """Make the VGG with ``convolutions[i]`` convolutions before its i-th max-pool. See ``contract.Network``.

    Layers are called conv1, norm1, relu1, conv2 ... and head. What the five pools leave of an input of 64 or more on an
    axis is averaged, so the head's size never changes.

    Raises:
        InputError: the shape, the number of classes or the width is not possible; the smallest input is 32 an axis.
    """
    layers = layers_for(name, input_shape, classes, smallest=2 ** len(_CHANNELS))
    parts: list[tuple[str, nn.Module]] = []
    before, number = input_shape[0], 0
    for stage, (count, channels) in enumerate(zip(convolutions, _CHANNELS, strict=True), start=1):
        after = scaled(channels, width)
        for _ in range(count):
            number += 1
            parts += [
                (f"conv{number}", layers.conv(before, after, 3, padding=1)),
                (f"norm{number}", layers.norm(after)),
                (f"relu{number}", nn.ReLU()),
            ]
            before = after
        parts.append((f"pool{stage}", layers.max_pool(2)))
    if any(size >> len(_CHANNELS) > 1 for size in input_shape[1:]):
        parts.append(("average", layers.average_pool(1)))
    parts += [("flatten", nn.Flatten()), ("head", nn.Linear(before, classes))]
    return initialised(nn.Sequential(OrderedDict(parts)))
