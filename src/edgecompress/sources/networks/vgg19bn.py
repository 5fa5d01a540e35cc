"""VGG-19 with batch normalisation (configuration E): 20,040,522 parameters for 3x32x32 and 10 classes."""

from torch import nn

from edgecompress.sources.networks._vgg import vgg


def vgg19bn(*, input_shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Make VGG19BN. See ``contract.Network`` and ``_vgg``; the smallest input is 32 on each spatial axis.

    Raises:
        InputError: the shape, the number of classes or the width is not possible.
    """
    return vgg("vgg19bn", (2, 2, 4, 4, 4), input_shape=input_shape, classes=classes, width=width)
