"""Check if a runtime's sparse kernels can take a network, as far as its layers say.

XNNPACK computes 1x1 convolutions with their nonzeros alone where a network begins with a 3x3 convolution of stride 2
and goes on in layers that it has in the same form (google/XNNPACK, src/subgraph.c). What the graph between the layers
is, the lowering to TFLite decides; here it is only seen whether zeros are worth spending so.
"""

from torch import nn

from edgecompress.compress.layers import COMPRESSIBLE, kind

# Rows of weights that the kernels take at once: a pair of output channels.
PAIR = 2
LEAST_SHARE = 0.5


def worth_pairs(module: nn.Module) -> bool:
    """Return whether zeros in pairs of output channels of 1x1 convolutions make ``module`` faster in sparse kernels.

    It begins with a 3x3 convolution of stride 2 and padding 1 over 1 or 3 channels, at least half of the weights of its
    convolutions are those of 1x1 ones, and these have their output channels in pairs.
    """
    layers = [layer for layer in module.modules() if isinstance(layer, COMPRESSIBLE)]
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    if not convolutions or layers[0] is not convolutions[0] or not _entry(convolutions[0]):
        return False
    pointwise = [layer for layer in convolutions if kind(layer) == "pointwise"]
    if any(layer.out_channels % PAIR for layer in pointwise):
        return False
    return _weights(pointwise) >= LEAST_SHARE * _weights(convolutions)


def _entry(layer: nn.Conv2d) -> bool:
    form = (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.groups)
    return form == ((3, 3), (2, 2), (1, 1), (1, 1), 1) and layer.in_channels in (1, 3)


def _weights(layers: list[nn.Conv2d]) -> int:
    return sum(layer.weight.numel() for layer in layers)
