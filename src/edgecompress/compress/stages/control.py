"""The control: the baseline trained on, with nothing compressed, for as long as compression trains it.

Compression trains a network further, so a compressed network may be better than its baseline because of the epochs
alone. The control has had the same epochs by the same schedules; what it is better by is no merit of compression.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from edgecompress.compress import rewind, train
from edgecompress.compress.checkpoints import Checkpoint, key
from edgecompress.compress.details import Details
from edgecompress.compress.stages.contract import Run, Stage
from edgecompress.compress.stages.training import fit
from edgecompress.recipe import Recipe, Retraining, Training, deciding


@dataclass(frozen=True)
class ControlPhase:
    """One schedule of the control: that of the stage ``name``. ``epochs``: which of the schedule's are trained."""

    name: str
    settings: Training
    epochs: range


class Control(Stage):
    """Train the baseline on as the stages after it do, and leave every weight as it is."""

    name = "control"

    def settings(self, recipe: Recipe) -> Retraining:
        """The recipe's ``retrain``, whose settings the phase of clustering takes too."""
        return recipe.retrain

    def epochs(self, recipe: Recipe) -> int:
        """The epochs of all phases."""
        return sum(len(phase.epochs) for phase in phases(recipe))

    def decides(self, module: nn.Module, recipe: Recipe) -> Mapping[str, Any]:  # noqa: ARG002 - a stage's contract
        """The schedules alone: networks of other sparsities and bits have the same control."""
        return {"phases": [(deciding(phase.settings), list(phase.epochs)) for phase in phases(recipe)]}

    def run(self, module: nn.Module, run: Run, checkpoint: Checkpoint) -> Details:
        """Train one phase after the other; each goes on from its last epoch."""
        for phase, kept in zip(phases(run.recipe), self._kept(checkpoint, run.recipe), strict=True):
            title = f"{self.name}, as {phase.name}"
            fit(module, run, kept, self.name, phase.settings, train.NoHooks(), title=title, epochs=phase.epochs)
        return Details()

    def ends(self, checkpoint: Checkpoint, recipe: Recipe) -> None:
        """Delete the epochs of all phases."""
        for kept in self._kept(checkpoint, recipe):
            kept.forget()

    def _kept(self, checkpoint: Checkpoint, recipe: Recipe) -> list[Checkpoint]:
        return [
            Checkpoint(checkpoint.folder, key(checkpoint.key, "phase", {"number": number}))
            for number, _ in enumerate(phases(recipe))
        ]


def phases(recipe: Recipe) -> list[ControlPhase]:
    """The schedules by which ``recipe`` trains a network after its baseline; none where outputs are reconstructed."""
    return [] if recipe.reconstruct else [phase for phase in _phases(recipe) if phase.epochs]


def _phases(recipe: Recipe) -> Iterator[ControlPhase]:
    if recipe.structure:
        settings = _training(recipe.structure)
        for _ in range(recipe.structure.rounds):
            yield ControlPhase("structure", settings, range(settings.epochs))
    yield ControlPhase("prune", _training(recipe.prune), range(recipe.prune.epochs))
    retrain = _training(recipe.retrain)
    if recipe.retrain.rewind is None:
        yield ControlPhase("retrain", retrain, range(retrain.epochs))
    else:
        yield ControlPhase("retrain", recipe.train, range(rewind.epoch(recipe), recipe.train.epochs))
    # The learning rate of clustering is one of centroids, by another optimizer: no rate of a dense network's weights.
    epochs = recipe.cluster.epochs
    yield ControlPhase("cluster", retrain.model_copy(update={"epochs": epochs}), range(epochs))


def _training(settings: Training) -> Training:
    """The part of a stage's table that every training has."""
    return Training(**{name: getattr(settings, name) for name in Training.model_fields})
