"""The callables of structured pruning: to measure, judge and retrain the network, without knowing how."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from edgecompress.compress.checkpoints import Checkpoint
from edgecompress.compress.structure.scoring import Batches
from edgecompress.compress.structure.search import MeasuredRatio
from edgecompress.compress.train import Loss
from edgecompress.recipe import Recipe, Structure

Measure = Callable[[nn.Module], MeasuredRatio]


@dataclass(frozen=True)
class Work:
    """The inputs of the rounds of structured pruning.

    Attributes:
        recipe: with its ``structure``.
        sample: one input, shape (1, C, ...).
        batches: inputs and classes for a round's scores, by the round's number.
        judge: the network's validation accuracy, or the user's metric.
        latency: measures a network against the dense one; ``None`` where nobody can.
        retrain: trains the network under a title, kept in a checkpoint.
        loss: of the user's own, whose gradients score channels; ``None``: cross entropy with the classes.
    """

    recipe: Recipe
    sample: torch.Tensor
    batches: Callable[[int], Batches]
    judge: Callable[[], float | None]
    latency: Measure | None
    retrain: Callable[[str, Checkpoint], None]
    loss: Loss | None = None

    @property
    def settings(self) -> Structure:
        """The recipe's table."""
        assert self.recipe.structure is not None, "the stage runs only where the recipe has it"
        return self.recipe.structure
