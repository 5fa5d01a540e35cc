"""Gradual pruning: masks chosen anew along a schedule while the network trains, then held to the end."""

from collections.abc import Mapping

import torch

from edgecompress import methods
from edgecompress.compress.prune import masks
from edgecompress.recipe import Pruning

CRITERIA = "edgecompress.compress.prune.criteria"
SCHEDULES = "edgecompress.compress.prune.schedules"


class GradualPruning:
    """A training hook that prunes ``weights`` in place to the recipe's sparsity.

    A weight once pruned has the lowest score there is, so it stays pruned as the sparsity rises.

    Args:
        weights: the layers to prune.
        settings: criterion, schedule, scope, and the final sparsity.
        own: layers with a final sparsity of their own.
        steps_per_epoch: training steps in an epoch, to space the updates.
    """

    def __init__(
        self, weights: Mapping[str, torch.Tensor], settings: Pruning, own: Mapping[str, float], steps_per_epoch: int
    ) -> None:
        self.weights, self.settings, self.own = weights, settings, own
        self.criterion = methods.find(CRITERIA, settings.criterion)
        self.schedule = methods.find(SCHEDULES, settings.schedule)
        self.every = max(1, steps_per_epoch // settings.updates_per_epoch)
        self.masks = masks.of_zeros(weights)

    def update(self, progress: float) -> None:
        """Choose the masks for ``progress`` of the ramp, 0 to 1, and apply them."""
        part = self.schedule(progress)
        scores = {name: self.criterion(weight) for name, weight in self.weights.items()}
        self.masks = masks.choose(
            scores,
            self.settings.sparsity * part,
            scope=self.settings.scope,
            own={name: rate * part for name, rate in self.own.items()},
            layer_limit=self.settings.layer_limit,
        )
        masks.apply(self.weights, self.masks)

    def after_backward(self) -> None:
        """Nothing: masks act on weights, after the step."""

    def after_step(self, done: int, total: int) -> None:
        """Update the masks where it is time, and hold them where it is not."""
        # First the zeros of before: what the step moved off zero must not compete with weights that were kept.
        masks.apply(self.weights, self.masks)
        ramp = max(1, round(self.settings.ramp * total))
        if done == ramp or (done < ramp and done % self.every == 0):
            self.update(done / ramp)


class HeldMasks:
    """A training hook that keeps the zeros of ``weights`` where they are."""

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        self.weights = weights
        self.masks = masks.of_zeros(weights)

    def after_backward(self) -> None:
        """Nothing: masks act on weights, after the step."""

    def after_step(self, done: int, total: int) -> None:  # noqa: ARG002 - the hook's contract
        """Set what the step moved back to zero."""
        masks.apply(self.weights, self.masks)
