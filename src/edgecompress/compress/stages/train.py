"""The baseline, which all else is compared with: trained, or given."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from edgecompress.compress import rewind, train
from edgecompress.compress.checkpoints import Checkpoint, key
from edgecompress.compress.context import Context, state_of
from edgecompress.compress.details import TrainDetails
from edgecompress.compress.stages.contract import Run, Stage
from edgecompress.compress.stages.training import WAITING, fit
from edgecompress.lock import held
from edgecompress.recipe import Recipe, Training


class Train(Stage):
    """Train the network."""

    name = "train"
    makes_baseline = True

    def settings(self, recipe: Recipe) -> Training:
        """The recipe's ``train``."""
        return recipe.train

    def epochs(self, recipe: Recipe) -> int:
        """The epochs of the recipe: reconstruction is of later stages."""
        return recipe.train.epochs

    def begins(self, module: nn.Module, run: Run, checkpoint: Checkpoint) -> Run:
        """Keep the state of the epoch that weights are set back to, where they are; ``module`` is left as it was.

        It is trained to there, and the baseline goes on from it. Where a baseline is kept already, its first epochs
        are trained again: they end with the same bits.
        """
        recipe = run.recipe
        if recipe.retrain.rewind != "weights":
            return run
        start, epochs = state_of(module), rewind.epoch(recipe)
        early = Checkpoint(checkpoint.folder, key(checkpoint.key, "early", {"epochs": epochs}))
        with held(early.lock, lambda: run.context.progress("train", 0, 1, WAITING)):
            fit(module, run, early, "train", recipe.train, train.NoHooks(), epochs=range(epochs))
        reached = state_of(module)
        module.load_state_dict(start)
        checkpoint.begin_from(early)
        return replace(run, early=reached)

    def run(self, module: nn.Module, run: Run, checkpoint: Checkpoint) -> TrainDetails:
        """Train it from where it is."""
        fit(module, run, checkpoint, "train", run.recipe.train, train.NoHooks())
        return TrainDetails()


class Given(Train):
    """Take the network as it is: the weights that it was given are the baseline."""

    def epochs(self, recipe: Recipe) -> int:  # noqa: ARG002 - a stage's contract
        """No epochs."""
        return 0

    def decides(self, module: nn.Module, recipe: Recipe) -> Mapping[str, Any]:  # noqa: ARG002 - a stage's contract
        """A mark that nothing was trained."""
        return {"given": True}

    def requires(self, module: nn.Module, context: Context) -> None:  # noqa: ARG002 - a stage's contract
        """Check that no epoch of the baseline is gone back to: none is known."""
        rewind.check_given(context.recipe)

    def begins(self, module: nn.Module, run: Run, checkpoint: Checkpoint) -> Run:  # noqa: ARG002 - a stage's contract
        """Return the run as it is."""
        return run

    def run(self, module: nn.Module, run: Run, checkpoint: Checkpoint) -> TrainDetails:  # noqa: ARG002
        """Leave it as it is."""
        return TrainDetails(source="checkpoint")
