"""Pruning: the weights of lowest score become zero, while the network trains, at once, or by reconstruction."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from edgecompress.compress import train
from edgecompress.compress.checkpoints import Checkpoint, digest
from edgecompress.compress.context import Context
from edgecompress.compress.details import PruneDetails
from edgecompress.compress.layers import compressible
from edgecompress.compress.prune.gradual import GradualPruning
from edgecompress.compress.prune.plan import plan
from edgecompress.compress.reconstruct.prune import prune as prune_reconstructed
from edgecompress.compress.stages.contract import Run, Stage
from edgecompress.compress.stages.training import fit
from edgecompress.recipe import Pruning, Recipe


class Prune(Stage):
    """Set weights to zero."""

    name = "prune"

    def settings(self, recipe: Recipe) -> Pruning:
        """The recipe's ``prune``."""
        return recipe.prune

    def decides(self, module: nn.Module, recipe: Recipe) -> Mapping[str, Any]:
        """The network, where what was measured decided it: that is in no recipe."""
        return {"network": digest(module)} if recipe.structure else {}

    def requires(self, module: nn.Module, context: Context) -> None:
        """The layers can have such sparsities, patterns and criteria."""
        plan(compressible(module, context.recipe), context.recipe)

    def run(self, module: nn.Module, run: Run, checkpoint: Checkpoint) -> PruneDetails:
        """Prune by the criterion, or so that the layers' outputs are kept."""
        context, recipe, settings = run.context, run.recipe, run.recipe.prune
        if run.calibration and recipe.reconstruct:
            return prune_reconstructed(module, run.teacher(module), recipe, run.calibration, context.progress)
        steps = train.steps_per_epoch(len(context.training.x), settings.batch_size)
        pruning = GradualPruning(compressible(module, recipe), recipe, steps)
        if settings.epochs:
            fit(module, run, checkpoint, self.name, settings, pruning, carried=pruning.carried)
        else:
            pruning.update(1.0)
        return PruneDetails(
            criterion=settings.criterion,
            schedule=settings.schedule,
            scope=settings.scope,
            pattern=settings.pattern or None,
        )
