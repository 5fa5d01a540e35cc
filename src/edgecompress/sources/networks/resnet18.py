"""ResNet-18 for small inputs: four stages of two basic blocks. 11,173,962 parameters for 3x32x32 and 10 classes."""

from torch import nn

from edgecompress.sources.networks._residual import residual


def resnet18(*, input_shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Make ResNet-18. See ``contract.Network`` and ``_residual``; any input size is possible.

    Raises:
        InputError: the shape, the number of classes or the width is not possible.
    """
    stages = ((64, 2), (128, 2), (256, 2), (512, 2))
    return residual("resnet18", stages, input_shape=input_shape, classes=classes, width=width)
