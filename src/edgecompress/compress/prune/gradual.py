"""Gradual pruning: masks chosen anew along a schedule while the network trains, then held to the end."""

from collections.abc import Mapping

import torch

from edgecompress.compress.prune import masks
from edgecompress.compress.prune.plan import plan
from edgecompress.compress.prune.scoring import Scoring
from edgecompress.recipe import Recipe


class GradualPruning:
    """A training hook that prunes ``weights`` in place to the recipe's sparsity.

    A weight once pruned has the lowest score there is, so it stays pruned as the sparsity rises.

    Args:
        weights: the layers to prune.
        recipe: its ``prune`` table, what its ``layers`` have of their own, and its seed.
        steps_per_epoch: training steps in an epoch, to space the updates.

    Attributes:
        carried: what the hook needs to go on where an interrupted run was, beside the weights; changed in place.
    """

    def __init__(self, weights: Mapping[str, torch.Tensor], recipe: Recipe, steps_per_epoch: int) -> None:
        self.weights, self.settings = weights, recipe.prune
        self.plan = plan(weights, recipe)
        self.every = max(1, steps_per_epoch // recipe.prune.updates_per_epoch)
        self.masks = masks.of_zeros(weights)
        self.scoring = Scoring(weights, recipe.prune.criterion, recipe.seed)
        self.carried = {f"mask/{name}": mask for name, mask in self.masks.items()} | {
            f"score/{name}": score for name, score in self.scoring.accumulated.items()
        }

    def update(self, progress: float) -> None:
        """Choose the masks for ``progress`` of the ramp, 0 to 1, and apply them."""
        chosen = masks.choose(
            ((name, self._scores(name)) for name in self.weights),
            self.plan.schedule(progress, self.settings.sparsity),
            scope=self.settings.scope,
            own={name: self.plan.schedule(progress, final) for name, final in self.plan.own.items()},
            layer_limit=self.settings.layer_limit,
            patterns=self.plan.patterns,
        )
        for name, mask in self.masks.items():
            mask.copy_(chosen[name])
        masks.apply(self.weights, self.masks)

    def after_backward(self) -> None:
        """Let the criterion take in the step's gradients."""
        self.scoring.collect()

    def after_step(self, done: int, total: int) -> None:
        """Update the masks where it is time, and hold them where it is not."""
        # First the zeros of before: what the step moved off zero must not compete with weights that were kept.
        masks.apply(self.weights, self.masks)
        ramp = max(1, round(self.settings.ramp * total))
        if done == ramp or (done < ramp and done % self.every == 0):
            self.update(done / ramp)

    def _scores(self, name: str) -> torch.Tensor:
        """The scores of a layer, row by row on the CPU as ``choose`` takes them without a copy."""
        scores = self.scoring.layer(name).detach().float()
        if name in self.scoring.accumulated:  # which go on being summed up
            scores = scores.clone()
        return scores.masked_fill_(~self.masks[name].to(scores.device), -torch.inf).cpu().contiguous()


class HeldMasks:
    """A training hook that keeps the zeros of ``weights`` where they are."""

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        self.weights = weights
        self.masks = masks.of_zeros(weights)

    def after_backward(self) -> None:
        """Do nothing: masks act on weights, after the step."""

    def after_step(self, done: int, total: int) -> None:  # noqa: ARG002 - the hook's contract
        """Set what the step moved back to zero."""
        masks.apply(self.weights, self.masks)
