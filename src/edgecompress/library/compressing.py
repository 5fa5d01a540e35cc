"""A network in memory through all stages of a recipe, with a loss and a metric of the caller's own."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgecompress import recipe as recipes
from edgecompress import temporary
from edgecompress.compress.checkpoints import digest
from edgecompress.compress.context import Context
from edgecompress.compress.evaluate import ACCURACY
from edgecompress.compress.layers import named
from edgecompress.compress.record import StageResult
from edgecompress.compress.stages.contract import Run
from edgecompress.compress.stages.run import run_all
from edgecompress.compress.structure.shapes import load_state
from edgecompress.errors import InputError
from edgecompress.library import learning
from edgecompress.library.examples import Example
from edgecompress.library.learning import Learning
from edgecompress.library.paths import StrPath
from edgecompress.library.recipes import Given
from edgecompress.library.recipes import chosen as chosen_recipe
from edgecompress.progress import Progress, silent
from edgecompress.recipe import Recipe
from edgecompress.sources.factory import bare
from edgecompress.sources.model import architecture
from edgecompress.sources.objective import Judge, Loss, Objective
from edgecompress.sources.permanent import computed
from edgecompress.sources.rows import Rows
from edgecompress.sources.untrained import without_training
from edgecompress.workflows.prepared import DATA_VERSION, measure_of


@dataclass(frozen=True, repr=False)
class Compressed:
    """A network that went through the stages.

    Attributes:
        net: the network, in the modes and on the device that it was given in.
        stages: what each stage did.
        recipe: what they were run with.
        warnings: what the caller should know.
    """

    net: nn.Module
    stages: list[StageResult]
    recipe: Recipe
    warnings: list[str]

    @property
    def metric(self) -> str:
        """The name of what the network was judged by."""
        return self.stages[-1].metric

    def __repr__(self) -> str:
        """A line a stage."""
        lines = [f"{type(self.net).__name__}, judged by {self.metric} on validation samples"]
        for each in self.stages:
            worth = "-" if each.validation_accuracy is None else f"{each.validation_accuracy:.5g}"
            lines.append(
                f"  {each.stage:<9} {worth:>8}   {each.sparsity:5.1%} zeros   "
                f"at most {each.distinct_max:,} values a layer   {each.epochs} epochs, {each.seconds:.1f} s"
            )
        return "\n".join(lines)


def compress(
    net: nn.Module,
    recipe: Given = None,
    data: object = None,
    loss: Loss | None = None,
    metric: Judge | None = None,
    *,
    validation: object = None,
    example: Example | None = None,
    trained: bool = True,
    copy: bool = True,
    cache: StrPath | None = None,
    progress: Progress = silent,
) -> Compressed:
    """Prune, retrain and cluster a network, and train it on the way, as a recipe says.

    Args:
        net: Any network whose first axes are the batch.
        recipe: A ``Recipe``, a shipped recipe's name or a TOML file, or changes to the recipe ``any`` as a dict:
            ``{"prune.sparsity": 0.9, "cluster.bits": 4}``.
        data: What it learns from: a pair (x, y); a Dataset or DataLoader of such pairs, read into memory once; or what
            ``edgecompress build --data`` takes. Several inputs are a tuple or a dict in x's place, and y is what
            ``loss`` takes. Without data, or without y, nothing is trained: outputs are reconstructed on the inputs, or
            on inputs that are made from the statistics of BatchNorm.
        loss: ``loss(outputs, targets)``, a tensor without axes, of a batch as the network puts it out. Default: cross
            entropy, of scores (N, classes) and classes (N,).
        metric: ``metric(outputs, targets)``, a number of all validation samples, for the stages' records. Default:
            top-1 accuracy in percent, or the loss where there is one.
        validation: Samples to judge by, in the form of ``data``; cut off ``data`` by default (``inputs.validation``).
        example: Inputs, where there are no data, as ``ec.export`` takes them.
        trained: Whether ``net`` has learnt already. ``False``: it is trained first, by the recipe's ``train``.
        copy: ``False``: ``net`` itself gets the weights at the end.
        cache: A folder where finished epochs are kept: the same call goes on from the last one.
        progress: Called with every step.

    Returns:
        The compressed network, and what each stage did.

    Raises:
        InputError: What is given does not go together; the line says what to do.
        CheckError: Training diverged, or a stage broke what a stage before it had made.
    """
    if not isinstance(net, nn.Module):
        raise InputError(f"net is a {type(net).__name__}; give a torch.nn.Module")
    if not copy and computed(bare(net)):
        raise InputError("net has weights that are computed at every call, which stay plain here; leave out copy=False")
    chosen = chosen_recipe(recipe)
    given = learning.read(net, chosen, data, validation, example, with_loss=loss is not None, progress=progress)
    if loss is None and given.why_not is not None:
        chosen, messages = _untrained(recipe, given)
        trained = True
    else:
        chosen, messages = named(chosen, given.model.module), []
    _check(given, loss, metric)
    messages = [*given.notes, *messages]
    with temporary.folder() if cache is None else nullcontext(Path(cache)) as folder, _own_randomness(chosen.seed):
        rows, context = _context(chosen, given, loss, metric, cache=folder, keyed=cache is not None, progress=progress)
        try:
            made = run_all(given.model.module, context, trained=trained)
        finally:
            rows.remove()
        result = _returned(net, given.model.module, made, copy=copy)
    messages += [left for stage in made.stages if (left := stage.left_alone)]
    for message in messages:
        warnings.warn(message, stacklevel=2)
    return Compressed(result, list(made.stages), chosen, messages)


def _untrained(recipe: Given, given: Learning) -> tuple[Recipe, list[str]]:
    """The recipe where nothing is trained, and the messages about that."""
    chosen = named(chosen_recipe(recipe, recipes.UNTRAINED), given.model.module)
    chosen, how = without_training(chosen, given.model, len(given.training.x))
    return chosen, [f"nothing is trained, because {given.why_not}; {how}"]


def _check(given: Learning, loss: Loss | None, metric: Judge | None) -> None:
    """Make sure that a loss and a metric of the caller's own have targets.

    Raises:
        InputError: there are none.
    """
    if given.validation_y is None and (loss is not None or metric is not None):
        what = "loss" if loss is not None else "metric"
        raise InputError(f"{what} needs targets: give data as (x, y), or samples of such pairs")


def _context(
    recipe: Recipe,
    given: Learning,
    loss: Loss | None,
    metric: Judge | None,
    *,
    cache: Path,
    keyed: bool,
    progress: Progress,
) -> tuple[Rows, Context]:
    """The context of the stages; ``keyed``: ``cache`` outlives this call, and its keys must be distinct."""
    model = given.model
    identity: dict[str, Any] = {
        "model": architecture(model.graph(model.module)) if keyed else "",
        "state": digest(model.module),
        "data": given.sha256() if keyed else "",
        "data_version": DATA_VERSION,
        "inputs": recipes.deciding(recipe.inputs),
    }
    objective = Objective.of(model.module, model.signature, loss, metric)
    objective.check(recipe, model.signature)
    context = Context(
        recipe=recipe,
        training=given.training,
        validation=(given.validation_x, given.validation_y if given.validation_y is not None else torch.zeros(0)),
        folder=cache / "stages",
        identity=identity | (objective.decides if keyed else {}),
        progress=progress,
        loss=objective.loss,
        metric=objective.metric or ACCURACY,
    )
    if recipe.structure:
        context = replace(context, latency=measure_of(model, recipe.structure))
    return objective.rows, context


@contextmanager
def _own_randomness(seed: int) -> Iterator[None]:
    """Draw from ``seed`` alone, and leave the caller's generators as they are."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def _returned(net: nn.Module, module: nn.Module, made: Run, *, copy: bool) -> nn.Module:
    """The network for the caller: ``module``, or ``net`` with its weights."""
    own = bare(net)
    if not copy:
        load_state(own, made.last)
        return net
    modes = {name: each.training for name, each in own.named_modules()}
    for name, each in module.named_modules():
        each.training = modes.get(name, own.training)
    for parameter in module.parameters():
        parameter.data = parameter.data.contiguous()
    return module.to(next(own.parameters()).device)
