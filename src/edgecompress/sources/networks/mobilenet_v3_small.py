"""MobileNetV3-Small: a stem, eleven inverted residual blocks, nine with squeeze-and-excitation, a head of two layers.

Howard et al., "Searching for MobileNetV3", ICCV 2019, table 2. 2,542,856 parameters for 1,000 classes.
"""

from collections import OrderedDict

from torch import nn

from edgecompress.sources.networks._layers import initialised, layers_for, scaled
from edgecompress.sources.networks._mobile import InvertedResidual, Parts, Shape, normalised

# Kernel, channels inside and out, squeeze-and-excitation, hard swish in place of ReLU, stride.
_BLOCKS = (
    (3, 16, 16, True, False, 2),
    (3, 72, 24, False, False, 2),
    (3, 88, 24, False, False, 1),
    (5, 96, 40, True, True, 2),
    (5, 240, 40, True, True, 1),
    (5, 240, 40, True, True, 1),
    (5, 120, 48, True, True, 1),
    (5, 144, 48, True, True, 1),
    (5, 288, 96, True, True, 2),
    (5, 576, 96, True, True, 1),
    (5, 576, 96, True, True, 1),
)


def mobilenet_v3_small(*, input_shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Make MobileNetV3-Small. See ``contract.Network``; any input size is possible, and the map is a 32nd of it.

    Raises:
        InputError: the shape, the number of classes or the width is not possible.
    """
    layers = layers_for("mobilenet-v3-small", input_shape, classes, smallest=1)
    before, last, hidden = scaled(16, width), scaled(576, width), scaled(1024, width)
    parts: Parts = [("stem", normalised(layers, input_shape[0], before, 3, stride=2, activation=nn.Hardswish))]
    for number, (kernel, inside, after, excited, swish, stride) in enumerate(_BLOCKS, start=1):
        expanded = scaled(inside, width)
        shape = Shape(
            kernel,
            expanded,
            scaled(after, width),
            stride,
            nn.Hardswish if swish else nn.ReLU,
            scaled(expanded, 0.25) if excited else None,
        )
        parts.append((f"block{number}", InvertedResidual(layers, before, shape)))
        before = shape.after
    parts += [
        ("last", normalised(layers, before, last, 1, activation=nn.Hardswish)),
        ("average", layers.average_pool(1)),
        ("flatten", nn.Flatten()),
        ("hidden", nn.Linear(last, hidden)),
        ("act", nn.Hardswish()),
        ("head", nn.Linear(hidden, classes)),
    ]
    return initialised(nn.Sequential(OrderedDict(parts)))
