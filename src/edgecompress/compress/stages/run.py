"""A run through stages: each is kept under a key over all that decides it, and is not done twice."""

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from edgecompress.compress.checkpoints import Checkpoint, key
from edgecompress.compress.context import Context
from edgecompress.compress.device import place, training_device
from edgecompress.compress.layers import check_finite, compressible, distinct
from edgecompress.compress.prune import masks
from edgecompress.compress.reconstruct.check import check as check_reconstruction
from edgecompress.compress.reconstruct.inputs import calibration_inputs
from edgecompress.compress.record import StageResult
from edgecompress.compress.stages.contract import Run, Stage
from edgecompress.compress.stages.control import Control, phases
from edgecompress.compress.stages.order import order
from edgecompress.compress.stages.training import WAITING
from edgecompress.compress.structure.shapes import load_state
from edgecompress.heap import trim_heap
from edgecompress.lock import held
from edgecompress.recipe import deciding


def run_all(module: nn.Module, context: Context, *, trained: bool, control: bool = False) -> Run:
    """Run all stages of the recipe: train ``module`` (unless it is ``trained`` already) and compress it, in place.

    Args:
        module: the network.
        context: the recipe, the data, and where stages are kept.
        trained: whether its weights are the baseline already.
        control: whether to train the baseline on too, for as long as compression trains it: ``Run.control``.

    Raises:
        InputError: the recipe does not fit the network.
        CheckError: training diverged, or a stage broke what a stage before it had made.
    """
    stages = order(context.recipe, trained=trained)
    check(module, context, stages)
    run = go_on(module, begin(context), stages[:1])
    if control:
        run = replace(run, control=go_on(module, run, [Control()] if phases(run.recipe) else []))
        load_state(module, run.dense)
    return go_on(module, run, stages[1:])


def check(module: nn.Module, context: Context, stages: Sequence[Stage]) -> None:
    """Say what is wrong with the recipe before hours of training, not after.

    Raises:
        InputError: what one of ``stages`` requires is not so.
    """
    place(module, training_device())
    for stage in stages:
        stage.requires(module, context)
    check_reconstruction(module, context.recipe)


def begin(context: Context) -> Run:
    """A run of a network to which nothing was done yet."""
    decides = {**context.identity, "torch": torch.__version__, "width": context.recipe.width}
    return Run(context, key("", "network", decides))


def go_on(module: nn.Module, run: Run, stages: Sequence[Stage]) -> Run:
    """Run ``stages`` with ``module``, in place, from where ``run`` is. Returns where it is then.

    Args:
        module: the network as the last stage of ``run`` left it, or as it is given where there was none.
        run: any: ``begin``'s, one that has ended, or either with another recipe.
        stages: what is to be done.

    Raises:
        CheckError: training diverged, or a stage broke what a stage before it had made.
    """
    place(module, training_device())
    for stage in stages:
        run = replace(run, key=key(run.key, stage.name, _decides(stage, module, run)))
        checkpoint = Checkpoint(run.context.folder, run.key, run.context.mirror)
        run = stage.begins(module, run, checkpoint)
        result, was_kept = _result(stage, module, run, checkpoint)
        run = replace(
            run,
            stages=(*run.stages, result),
            states={**run.states, stage.name: checkpoint.state},
            kept=run.kept | {stage.name} if was_kept else run.kept,
        )
        trim_heap()
        if stage.makes_baseline:
            run = replace(run, calibration=functools.cache(functools.partial(_calibration, module, run)))
        stage.ends(checkpoint, run.recipe)
    return run


def _decides(stage: Stage, module: nn.Module, run: Run) -> Mapping[str, Any]:
    """All that decides a stage's result, but for what stands before it."""
    recipe = run.recipe
    found = {"seed": recipe.seed, "settings": deciding(stage.settings(recipe)), "given": False}
    if not stage.makes_baseline:
        found["layers"] = {pattern: deciding(layer) for pattern, layer in recipe.layers.items()}
    if recipe.distill and stage.name in recipe.distill.stages:
        found["distill"] = recipe.distill.model_dump()
    if recipe.reconstruct and not stage.makes_baseline:
        found["reconstruct"] = deciding(recipe.reconstruct)
    return {**found, **stage.decides(module, recipe)}


def _result(stage: Stage, module: nn.Module, run: Run, checkpoint: Checkpoint) -> tuple[StageResult, bool]:
    """Run one stage, or take its result from where another run kept it; whether that was so.

    No two processes are at one stage at once: the second waits, and takes the result.
    """
    kept, progress = checkpoint.finished(), run.context.progress
    if kept is None:
        with held(checkpoint.lock, lambda: progress(stage.name, 0, 1, WAITING)):
            kept = checkpoint.finished()
            if kept is None:
                return _computed(stage, module, run, checkpoint), False
    load_state(module, kept[0])
    progress(stage.name, 1, 1, "kept from an earlier run")
    return kept[1], True


def _computed(stage: Stage, module: nn.Module, run: Run, checkpoint: Checkpoint) -> StageResult:
    """Run one stage, and keep its result."""
    context, recipe = run.context, run.recipe
    zeros = {}
    if stage.keeps_zeros:
        zeros = {layer: weight.detach() == 0 for layer, weight in compressible(module, recipe).items()}
    accuracy_before = None if stage.makes_baseline else context.judge(module)
    started = time.monotonic()
    details = stage.run(module, run, checkpoint)
    weights = compressible(module, recipe)  # other tensors, where channels are gone
    check_finite(module, f"after the stage '{stage.name}'")
    stage.ensures(zeros, weights, recipe)
    result = StageResult(
        stage=stage.name,
        epochs=stage.epochs(recipe),
        seconds=round(time.monotonic() - started, 1),
        metric=context.metric.name,
        validation_accuracy=context.judge(module),
        validation_accuracy_before=accuracy_before,
        sparsity=masks.sparsity(weights),
        distinct_max=max((distinct(weight) for weight in weights.values()), default=0),
        details=details,
    )
    checkpoint.finish(module, result)
    return result


def _calibration(module: nn.Module, run: Run) -> torch.Tensor:
    """The inputs that the recipe reconstructs on; made in the first stage that needs them."""
    context, settings = run.context, run.recipe.reconstruct
    assert settings is not None
    teacher = run.teacher(module)
    return calibration_inputs(teacher, context.training.x, settings, seed=run.recipe.seed, progress=context.progress)
