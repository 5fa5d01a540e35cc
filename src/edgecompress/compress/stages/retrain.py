"""Retraining: what pruning left is trained with its zeros held, or the end of the baseline's schedule is run again."""

from collections.abc import Mapping

import torch
from torch import nn

from edgecompress.compress import invariants, rewind
from edgecompress.compress.checkpoints import Checkpoint
from edgecompress.compress.context import Context
from edgecompress.compress.details import RetrainDetails
from edgecompress.compress.layers import compressible
from edgecompress.compress.prune.gradual import HeldMasks
from edgecompress.compress.stages.contract import Run, Stage
from edgecompress.compress.stages.training import fit
from edgecompress.recipe import Recipe, Retraining


class Retrain(Stage):
    """Train what is left."""

    name = "retrain"
    keeps_zeros = True

    def settings(self, recipe: Recipe) -> Retraining:
        """The recipe's ``retrain``."""
        return recipe.retrain

    def requires(self, module: nn.Module, context: Context) -> None:  # noqa: ARG002 - a stage's contract
        """Check that there is an epoch to go back to, where that is asked for."""
        rewind.check(context.recipe)

    def run(self, module: nn.Module, run: Run, checkpoint: Checkpoint) -> RetrainDetails:
        """Train as fine-tuning, or from an earlier epoch of the baseline on."""
        recipe, settings = run.recipe, run.recipe.retrain
        if recipe.reconstruct:
            return RetrainDetails(reconstruct="nothing is retrained")
        weights = compressible(module, recipe)
        if settings.rewind is None:
            fit(module, run, checkpoint, self.name, settings, HeldMasks(weights))
            return RetrainDetails()
        if settings.rewind == "weights":
            rewind.set_back(module, weights, run.early)
        epochs = range(rewind.epoch(recipe), recipe.train.epochs)
        fit(module, run, checkpoint, self.name, recipe.train, HeldMasks(weights), epochs=epochs)
        return RetrainDetails(rewind=settings.rewind, from_epoch=epochs.start)

    def ensures(
        self,
        zeros: Mapping[str, torch.Tensor],
        weights: Mapping[str, torch.Tensor],
        recipe: Recipe,  # noqa: ARG002 - a stage's contract
    ) -> None:
        """The same weights are zero."""
        invariants.same_zeros(zeros, weights, self.name)
