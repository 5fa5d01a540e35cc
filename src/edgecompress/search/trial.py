"""One trial: the recipe's own stages, cut short, with a choice for each layer; and the exact size of what comes out."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import onnx_ir as ir
from torch import nn

from edgecompress.compress import train
from edgecompress.compress.checkpoints import State
from edgecompress.compress.context import Context
from edgecompress.compress.prune.scoring import accumulates
from edgecompress.compress.stages.cluster import Cluster
from edgecompress.compress.stages.contract import Run
from edgecompress.compress.stages.order import order
from edgecompress.compress.stages.prune import Prune
from edgecompress.compress.stages.run import check, go_on
from edgecompress.compress.structure.shapes import load_state
from edgecompress.errors import CheckError
from edgecompress.formats.onnx.network import compressed_bytes
from edgecompress.progress import Progress, silent
from edgecompress.recipe import Recipe
from edgecompress.search.records import Setting

PRUNING = 0.75
"""Share of a trial's epochs in which it is pruned and the rest trained; in the others the centroids are trained."""

TRIED = (Prune(), Cluster())
"""The stages of a trial: it begins with a network that is trained, and without the channels that go."""

SLACK = 1.02
"""Training changes what a file takes by less than this; what is further above the budget is not trained."""


@dataclass(frozen=True)
class TrialSubject:
    """The network that is searched, and the runs that trials start from.

    Attributes:
        network: on the device where it runs, in any state.
        baseline: the run after its first stage.
        unpruned: the run that every trial begins with: trained, and without the channels that the recipe removes.
        graph: makes the ONNX graph of the network with the weights that it has when asked.
    """

    network: nn.Module
    baseline: Run
    unpruned: Run
    graph: Callable[[nn.Module], ir.Model]

    @property
    def context(self) -> Context:
        """The context of the stages, with the recipe as it was given."""
        return self.baseline.context

    @property
    def dense_accuracy(self) -> float:
        """The accuracy of the trained network with all its channels, of the validation split; see ``SearchRecord``."""
        return self.baseline.stages[0].accuracy

    def drop(self, accuracy: float) -> float:
        """The drop from the dense network to one of ``accuracy``, in points or in units of the metric."""
        return self.context.metric.drop(self.dense_accuracy, accuracy)

    @property
    def recipe(self) -> Recipe:
        """The recipe as it was given."""
        return self.context.recipe

    def file_bytes(self, state: State) -> int:
        """Exactly what the compressed ONNX file of the network takes in that state."""
        load_state(self.network, state)
        return compressed_bytes(self.graph(self.network), self.recipe.export.encoding)

    def full(self, recipe: Recipe, progress: Progress) -> Run:
        """All stages of a build with ``recipe`` after the first, kept where a build keeps them."""
        load_state(self.network, self.baseline.last)
        _, *stages = order(recipe, trained=True)
        check(self.network, replace(self.context, recipe=recipe), stages)
        context = replace(self.context, recipe=recipe, progress=progress)
        return go_on(self.network, replace(self.baseline, context=context), stages)


@dataclass(frozen=True)
class TrialOutcome:
    """The outcome of a trial; ``drop`` as ``SearchRecord`` has it, ``None`` where nothing was trained."""

    bytes: int
    drop: float | None
    stopped: str = ""


def with_settings(recipe: Recipe, settings: Mapping[str, Setting]) -> Recipe:
    """The recipe with these settings among its ``layers``, after its own patterns, whose other keys stay in force."""
    layers = dict(recipe.layers)
    for name, setting in settings.items():
        chosen = setting.model_dump(exclude_none=True)
        if chosen:
            layers.pop(name, None)  # last: of two patterns that match, the later one counts
            layers[name] = recipe.layer(name).model_copy(update=chosen)
    return recipe.model_copy(update={"layers": layers})


def short(recipe: Recipe, samples: int) -> Recipe:
    """The recipe of a trial: pruning while training, then clustering, in ``search.steps`` steps of ``samples`` samples.

    ``retrain`` is no stage of a trial.
    """
    own = recipe.prune.epochs + recipe.retrain.epochs + recipe.cluster.epochs
    steps = max(1, train.steps_per_epoch(samples, recipe.prune.batch_size))
    epochs = min(own, max(1, round(recipe.search.steps / steps)) if recipe.search.steps else 0)
    pruning = -int(-PRUNING * epochs // 1)  # at least one where there is one
    prune = recipe.prune.model_copy(update={"epochs": pruning})
    if not epochs and accumulates(recipe.prune.criterion):
        prune = prune.model_copy(update={"criterion": "magnitude"})
    changes = {
        "prune": prune,
        "cluster": recipe.cluster.model_copy(update={"epochs": epochs - pruning}),
    }
    return recipe.model_copy(update=changes)


def untrained(recipe: Recipe) -> Recipe:
    """The recipe without any training: pruned and clustered at once."""
    return short(recipe.model_copy(update={"search": recipe.search.model_copy(update={"steps": 0})}), 1)


def attempt(
    subject: TrialSubject, settings: Mapping[str, Setting], *, size_budget: int | None, progress: Progress
) -> TrialOutcome:
    """Try ``settings``. A file that is over the budget before training is not trained."""
    recipe = with_settings(subject.recipe, settings)
    trained = short(recipe, len(subject.context.training.x))
    if size_budget is not None:
        size, _ = _run(subject, untrained(recipe), silent)
        if size > SLACK * size_budget:
            return TrialOutcome(size, None, "over the size budget before training")
    try:
        size, accuracy = _run(subject, trained, progress)
    except CheckError as error:  # training diverged: a bad choice, and no reason to end the search
        return TrialOutcome(_run(subject, untrained(recipe), silent)[0], None, str(error))
    return TrialOutcome(size, subject.drop(accuracy))


def _run(subject: TrialSubject, recipe: Recipe, progress: Progress) -> tuple[int, float]:
    """The bytes and the validation accuracy after the short stages; their checkpoints are not kept."""
    load_state(subject.network, subject.unpruned.last)
    check(subject.network, replace(subject.context, recipe=recipe), TRIED)
    with tempfile.TemporaryDirectory(prefix="edgecompress-trial-") as folder:
        context = replace(subject.context, recipe=recipe, folder=Path(folder), progress=progress)
        made = go_on(subject.network, replace(subject.unpruned, context=context), TRIED)
        return subject.file_bytes(made.last), made.stages[-1].accuracy
