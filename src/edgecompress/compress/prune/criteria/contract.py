"""The contract of a criterion: a score for each weight, of which the lowest go first.

A criterion takes the weight, of any shape, and returns a tensor of that shape. What else it needs, it asks for by the
names of its keyword-only parameters; there are three kinds.
"""

from typing import Protocol

import torch


class Criterion(Protocol):
    """Scores from the weights as they are when masks are chosen."""

    def __call__(self, weight: torch.Tensor, /) -> torch.Tensor:
        """The scores of ``weight``."""
        ...


class SeededCriterion(Protocol):
    """Scores that are drawn: ``generator`` is the layer's own, and at every choice of masks in the same state."""

    def __call__(self, weight: torch.Tensor, /, *, generator: torch.Generator) -> torch.Tensor:
        """The scores of ``weight``."""
        ...


class AccumulatedCriterion(Protocol):
    """Scores that build up while the network trains: called at every step, between backward pass and update."""

    def __call__(self, weight: torch.Tensor, /, *, gradient: torch.Tensor, score: torch.Tensor) -> torch.Tensor:
        """The new score, from the loss's ``gradient`` at ``weight`` and the ``score`` so far, at first zeros.

        Scores are kept in checkpoints, so that a resumed run builds on the same ones.
        """
        ...
