"""DS-CNN for keyword spotting: as ``ds_cnn``, with a stem of 10x4, for spectrograms of 49 frames by 10 coefficients.

Zhang, Suda, Lai, Chandra, "Hello Edge: Keyword Spotting on Microcontrollers", arXiv:1711.07128, 2017; MLPerf Tiny's for
keyword spotting (Banbury et al. 2021). With normalisation folded it is that network of 22,604 parameters and 2,656,768
multiply-accumulates for 1x49x10 and 12 classes. The stem pads five frames on both sides, TensorFlow's four and five.
"""

from collections import OrderedDict

from torch import nn

from edgecompress.sources.networks._layers import layers_for, scaled
from edgecompress.sources.networks.ds_cnn import with_stem


def ds_cnn_kws(*, input_shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
    """Make DS-CNN with a stem of 10x4, or 10. See ``contract.Network``; the smallest input is 2 on each axis.

    Raises:
        InputError: the shape, the number of classes or the width is not possible.
    """
    layers = layers_for("ds-cnn-kws", input_shape, classes, smallest=2)
    before, channels = input_shape[0], scaled(64, width)
    convolution: nn.Module
    if len(input_shape) == 2:
        convolution = nn.Conv1d(before, channels, 10, stride=2, padding=5, bias=False)
    else:
        convolution = nn.Conv2d(before, channels, (10, 4), stride=2, padding=(5, 1), bias=False)
    stem = nn.Sequential(OrderedDict(conv=convolution, norm=layers.norm(channels), act=nn.ReLU()))
    return with_stem(layers, stem, channels, classes)
