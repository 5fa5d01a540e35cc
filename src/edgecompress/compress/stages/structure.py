"""Structured pruning: channels are removed round by round to the recipe's target, and what is left is retrained."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from edgecompress import methods
from edgecompress.compress import train
from edgecompress.compress.checkpoints import Checkpoint
from edgecompress.compress.context import Context
from edgecompress.compress.details import StructureDetails
from edgecompress.compress.stages.contract import Run, Stage
from edgecompress.compress.stages.training import fit
from edgecompress.compress.structure import rounds
from edgecompress.compress.structure.contract import Work
from edgecompress.compress.structure.cutting import dense
from edgecompress.compress.structure.scoring import CRITERIA, Batches
from edgecompress.recipe import Recipe, Structure

SCORED_BATCHES = 100


class RemoveChannels(Stage):
    """Remove channels, and retrain."""

    name = "structure"

    def settings(self, recipe: Recipe) -> Structure:
        """The recipe's ``structure``."""
        assert recipe.structure is not None, "the stage is run only where the recipe has it"
        return recipe.structure

    def epochs(self, recipe: Recipe) -> int:
        """The epochs of all rounds."""
        return super().epochs(recipe) * self.settings(recipe).rounds

    def decides(self, module: nn.Module, recipe: Recipe) -> Mapping[str, Any]:  # noqa: ARG002 - a stage's contract
        """A mark that cuts are tried: what was kept before they were may have lost the wrong channels."""
        return {"cuts": "tried"}

    def requires(self, module: nn.Module, context: Context) -> None:
        """Check that there is such a criterion, and that the target can be reached."""
        methods.find(CRITERIA, self.settings(context.recipe).criterion)
        dense(module, context.training.x[:1], context.recipe)

    def run(self, module: nn.Module, run: Run, checkpoint: Checkpoint) -> StructureDetails:
        """Remove channels in the recipe's rounds."""
        context, settings = run.context, self.settings(run.recipe)

        def retrain(title: str, kept: Checkpoint) -> None:
            fit(module, run, kept, self.name, settings, train.NoHooks(), title=title)

        def batches(number: int) -> Batches:
            stream = train.batches(context.training, settings, train.epoch_generator(context.recipe.seed, -1 - number))
            return (batch for batch, _ in zip(stream, range(SCORED_BATCHES), strict=False))

        work = Work(
            recipe=context.recipe,
            sample=context.training.x[:1],
            batches=batches,
            judge=lambda: context.judge(module),
            loss=context.loss,
            latency=context.latency,
            retrain=retrain,
        )
        return rounds.run(module, work, checkpoint)

    def ends(self, checkpoint: Checkpoint, recipe: Recipe) -> None:
        """Delete the cuts and the ends of rounds."""
        rounds.forget(checkpoint, self.settings(recipe).rounds)
