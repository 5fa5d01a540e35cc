"""AlexNet for small inputs: five convolutions, three max-pools and one linear head.

Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", NeurIPS 2012, in the
variant that the field uses for 32x32 images: the channels of the one-tower version, padding 5 in the stem, pools of 2
and no hidden linear layers. 2,472,266 parameters for 3x32x32 and 10 classes.
"""

from collections import OrderedDict

from torch import nn

from edgecompress.sources.networks._layers import initialised, layers_for, scaled


def alexnet(*, input_shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Make AlexNet. See ``contract.Network``; the smallest input is 29 on each spatial axis.

    The 1-D version keeps the stem's kernel of 11 and stride of 4: on a UCI-HAR window (128 samples at 50 Hz) a filter
    spans 0.22 s, and the 64 filters of a position hold about as many values as the 9 x 4 samples they advance by.
    What the pools leave of a larger input (4 positions of such a window) is averaged, so the head's size never changes.

    Raises:
        InputError: the shape, the number of classes or the width is not possible.
    """
    layers = layers_for("alexnet", input_shape, classes, smallest=29)
    c1, c2, c3, c4, c5 = (scaled(channels, width) for channels in (64, 192, 384, 256, 256))
    parts: list[tuple[str, nn.Module]] = [
        ("conv1", layers.conv(input_shape[0], c1, 11, stride=4, padding=5)),
        ("relu1", nn.ReLU()),
        ("pool1", layers.max_pool(2)),
        ("conv2", layers.conv(c1, c2, 5, padding=2)),
        ("relu2", nn.ReLU()),
        ("pool2", layers.max_pool(2)),
        ("conv3", layers.conv(c2, c3, 3, padding=1)),
        ("relu3", nn.ReLU()),
        ("conv4", layers.conv(c3, c4, 3, padding=1)),
        ("relu4", nn.ReLU()),
        ("conv5", layers.conv(c4, c5, 3, padding=1)),
        ("relu5", nn.ReLU()),
        ("pool3", layers.max_pool(2)),
    ]
    # The stem makes ceil(size / 4) positions, the pools an eighth of them.
    if any((-(-size // 4)) // 8 > 1 for size in input_shape[1:]):
        parts.append(("average", layers.average_pool(1)))
    parts += [("flatten", nn.Flatten()), ("head", nn.Linear(c5, classes))]
    return initialised(nn.Sequential(OrderedDict(parts)))
