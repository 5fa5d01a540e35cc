"""The stages in a row: train, structure if asked for, prune, retrain, cluster. Each is kept, and is not done twice."""

import functools
import time
from dataclasses import dataclass, replace

import torch
from torch import nn

from edgecompress import methods
from edgecompress.compress import invariants, rewind, work
from edgecompress.compress.checkpoints import Checkpoint, digest, key
from edgecompress.compress.cluster import rate
from edgecompress.compress.cluster.centroids import ALGORITHMS
from edgecompress.compress.cluster.granularity import shares
from edgecompress.compress.context import Context, Work
from edgecompress.compress.device import place, training_device
from edgecompress.compress.kept import KeptState
from edgecompress.compress.layers import check_finite, compressible, distinct
from edgecompress.compress.prune import masks
from edgecompress.compress.prune.plan import plan
from edgecompress.compress.reconstruct.check import check as check_reconstruction
from edgecompress.compress.record import StageResult
from edgecompress.compress.structure import rounds
from edgecompress.compress.structure.cutting import dense
from edgecompress.compress.structure.scoring import CRITERIA
from edgecompress.compress.structure.shapes import load_state
from edgecompress.heap import give_back
from edgecompress.lock import held
from edgecompress.recipe import deciding


@dataclass(frozen=True)
class Compressed:
    """The network before and after, as state dictionaries that are read where they are kept, and what each stage did.

    Attributes:
        dense: after the first stage.
        compressed: after the last one.
        stages: what each did.
        structured: before it was pruned; the dense one, where no channels were removed.
        pruned: before it was clustered.
        kept: the stages that an earlier run had finished.
    """

    dense: KeptState
    compressed: KeptState
    stages: list[StageResult]
    structured: KeptState
    pruned: KeptState
    kept: frozenset[str]


def compress(module: nn.Module, context: Context, *, trained: bool) -> Compressed:
    """Train ``module`` (unless it is ``trained`` already), remove channels, prune, retrain and cluster it, in place.

    Raises:
        InputError: the recipe does not fit the network.
        CheckError: training diverged, or a stage broke what a stage before it had made.
    """
    recipe = context.recipe
    module = place(module, training_device())
    _check(module, context, trained=trained)
    chain = key("", "network", {**context.identity, "torch": torch.__version__, "width": recipe.width})
    results: list[StageResult] = []
    kept: set[str] = set()
    states: dict[str, KeptState] = {}
    for name, does, settings in (
        ("train", work.baseline if not trained else work.given, recipe.train),
        *([("structure", work.structure, recipe.structure)] if recipe.structure else []),
        ("prune", work.prune, recipe.prune),
        ("retrain", work.retrain, recipe.retrain),
        ("cluster", work.cluster, recipe.cluster),
    ):
        decides = {"seed": recipe.seed, "settings": deciding(settings), "given": trained and name == "train"}
        if name != "train":
            decides["layers"] = {pattern: deciding(layer) for pattern, layer in recipe.layers.items()}
        if recipe.distill and name in recipe.distill.stages:
            decides["distill"] = recipe.distill.model_dump()
        if name == "structure":
            decides["cuts"] = "tried"  # what was kept before cuts were tried may have lost the wrong channels
        if name == "prune" and recipe.structure:
            decides["network"] = digest(module)  # what was measured decided it, and that is in no recipe
        if recipe.reconstruct and name != "train":
            decides["reconstruct"] = deciding(recipe.reconstruct)
        chain = key(chain, name, decides)
        checkpoint = Checkpoint(context.folder, chain, context.mirror)
        if name == "train" and recipe.retrain.rewind == "weights":
            context = replace(context, early=work.early(module, context, checkpoint))
        epochs = 0 if decides["given"] or "reconstruct" in decides else settings.epochs * getattr(settings, "rounds", 1)
        result, was_kept = _run(name, does, epochs, module, context, checkpoint)
        results.append(result)
        states[name] = checkpoint.state
        give_back()
        kept |= {name} if was_kept else set()
        if name == "train":
            context = replace(context, dense=states["train"])
            context = replace(
                context, calibration=functools.cache(functools.partial(work.calibration, module, context))
            )
        if recipe.structure and name == "structure":
            rounds.forget(checkpoint, recipe.structure.rounds)
    return Compressed(
        dense=states["train"],
        compressed=states["cluster"],
        stages=results,
        structured=states.get("structure", states["train"]),
        pruned=states["retrain"],
        kept=frozenset(kept),
    )


def _check(module: nn.Module, context: Context, *, trained: bool) -> None:
    """Say what is wrong with the recipe before hours of training, not after."""
    recipe = context.recipe
    weights = compressible(module, recipe)
    plan(weights, recipe)
    rewind.check(recipe, trained=trained)
    shares(weights, recipe)
    rate.check(recipe)
    methods.find(ALGORITHMS, recipe.cluster.method)
    if recipe.structure:
        methods.find(CRITERIA, recipe.structure.criterion)
        dense(module, context.training.x[:1], recipe)
    check_reconstruction(module, recipe)


def _run(
    name: str, does: Work, epochs: int, module: nn.Module, context: Context, checkpoint: Checkpoint
) -> tuple[StageResult, bool]:
    """Run one stage, or take its result from where another run kept it; whether that was so.

    No two processes are at one stage at once: the second waits, and takes the result.
    """
    kept = checkpoint.finished()
    if kept is None:
        with held(checkpoint.lock, lambda: context.progress(name, 0, 1, work.WAITING)):
            kept = checkpoint.finished()
            if kept is None:
                return _computed(name, does, epochs, module, context, checkpoint), False
    load_state(module, kept[0])
    context.progress(name, 1, 1, "kept from an earlier run")
    return kept[1], True


def _computed(
    name: str, does: Work, epochs: int, module: nn.Module, context: Context, checkpoint: Checkpoint
) -> StageResult:
    """Run one stage, and keep its result."""
    weights = compressible(module, context.recipe)
    keeps_zeros = name in ("retrain", "cluster")
    zeros = {layer: weight.detach() == 0 for layer, weight in weights.items()} if keeps_zeros else {}
    accuracy_before = context.judge(module) if name != "train" else None
    started = time.monotonic()
    details = does(module, context, checkpoint)
    weights = compressible(module, context.recipe)  # other tensors, where channels are gone
    check_finite(module, f"after the stage '{name}'")
    if keeps_zeros:
        rated = name == "cluster" and context.recipe.cluster.rate is not None
        (invariants.kept_zeros if rated else invariants.same_zeros)(zeros, weights, name)
    result = StageResult(
        stage=name,
        epochs=epochs,
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
