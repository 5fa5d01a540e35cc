"""ResNet-8: three stages of one basic block, of 16, 32 and 64 channels; MLPerf Tiny's for image classification.

Banbury et al., "MLPerf Tiny Benchmark", NeurIPS Datasets and Benchmarks 2021. With normalisation folded it is that
network of 77,706 parameters and 12,501,632 multiply-accumulates for 3x32x32 and 10 classes. Its shortcuts there are
convolutions with a bias, and here they are normalised, as in ResNet-18.
"""

from torch import nn

from edgecompress.sources.networks._residual import residual


def resnet8(*, input_shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Make ResNet-8. See ``contract.Network`` and ``_residual``; any input size is possible.

    Raises:
        InputError: the shape, the number of classes or the width is not possible.
    """
    return residual("resnet8", ((16, 1), (32, 1), (64, 1)), input_shape=input_shape, classes=classes, width=width)
