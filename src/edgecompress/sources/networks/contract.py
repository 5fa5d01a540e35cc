"""The contract of a built-in network: one function that makes it for a given input, untrained."""

from typing import Protocol

from torch import nn


class Network(Protocol):
    """A function that makes a network, which maps samples of ``input_shape`` to ``classes`` logits.

    ``input_shape`` is that of one sample, channels first: (channels, height, width) makes the 2-D version, (channels,
    length) the 1-D one, in which every kernel, stride and pool has one axis less and nothing else differs. ``width``
    multiplies the number of channels of every hidden layer, rounded to a multiple of 8. The module takes float32
    (batch, channels, ...) and returns float32 (batch, classes); its weights are initialised after He et al. 2015.

    Raises:
        InputError: the shape is not 1-D or 2-D, or smaller than the network's strides and pools allow.
    """

    def __call__(self, *, input_shape: tuple[int, ...], classes: int, width: float = 1.0) -> nn.Module:
        """Make the network."""
        ...
