"""The contract of a criterion of channels: a score for each, of which the lowest go first.

Channels of different layers that must go together (those that a residual connection adds up) are one group. A criterion
takes all that goes with the channels of one group and returns scores of shape (channels,), comparable between groups:
what the network loses with the channel, in any unit. What else it needs, it asks for by the names of its keyword-only
parameters.
"""

from dataclasses import dataclass
from typing import Protocol

import torch

Rows = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Parts:
    """The tensors of the channels of a group, each of shape (channels, n), row c of each with channel c.

    Attributes:
        makes: of each layer that makes the channels: filters, and biases where it has them.
        norms: of each normalisation of the channels: scales and shifts.
        reads: of each layer that reads the channels: what it multiplies them with.
    """

    makes: Rows
    norms: Rows
    reads: Rows


class ChannelCriterion(Protocol):
    """Scores from the weights alone."""

    def __call__(self, parts: Parts, /) -> torch.Tensor:
        """The scores of a group's channels."""
        ...


class SeededChannelCriterion(Protocol):
    """Scores that are drawn. ``generator``: a CPU generator."""

    def __call__(self, parts: Parts, /, *, generator: torch.Generator) -> torch.Tensor:
        """The scores of a group's channels."""
        ...


class GradientCriterion(Protocol):
    """Scores from gradients of the loss: called for each of a number of batches; what it returns is added up."""

    def __call__(self, parts: Parts, /, *, gradients: Parts) -> torch.Tensor:
        """The scores of a group's channels by one batch. ``gradients``: of the batch's loss, of the same shapes."""
        ...
