"""VGG-16 with batch normalisation (configuration D): 14,728,266 parameters for 3x32x32 and 10 classes."""

from torch import nn

from edgecompress.sources.networks._vgg import vgg


def vgg16bn(*, input_shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Make VGG16BN. See ``contract.Network`` and ``_vgg``; the smallest input is 32 on each spatial axis.

    Raises:
        InputError: the shape, the number of classes or the width is not possible.
    """
    return vgg("vgg16bn", (2, 2, 3, 3, 3), input_shape=input_shape, classes=classes, width=width)
