"""Compression to an allowed drop: the stages again and again, to lower and lower rates, until more would be lost."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from edgecompress.compress.context import Context
from edgecompress.compress.drop import Drop, paired
from edgecompress.compress.evaluate import ACCURACY, outputs
from edgecompress.compress.stages.contract import Run
from edgecompress.compress.stages.order import order
from edgecompress.compress.stages.run import begin, check, go_on
from edgecompress.compress.structure.shapes import load_state
from edgecompress.compress.walk import START, walk
from edgecompress.errors import CheckError, InputError


@dataclass(frozen=True)
class RateAttempt:
    """A rate that was tried: bits a weight, what came out of the stages, and what that lost."""

    rate: float
    made: Run
    drop: Drop


@dataclass(frozen=True)
class Within:
    """The attempts from the highest rate to the lowest, and the one that is taken."""

    attempts: list[RateAttempt]
    chosen: RateAttempt


def within(module: nn.Module, context: Context, *, trained: bool) -> Within:
    """Compress ``module`` in place to the smallest rate that loses at most ``cluster.max_drop``.

    Stages before the last are run once, and each attempt goes on from there: a build to one of these rates finds its
    stages.

    Raises:
        InputError: the recipe does not fit the network, or there are no classes to judge by.
        CheckError: no rate keeps within the drop.
    """
    settings = context.recipe.cluster
    limit = settings.max_drop
    assert limit is not None
    if not len(context.validation[1]):
        raise InputError("cluster.max_drop judges by accuracy, and there are no classes here; give data with classes")
    if context.metric is not ACCURACY:
        raise InputError(
            f"cluster.max_drop judges by top-1 accuracy, not by {context.metric.name}; set cluster.rate, or use search"
        )
    found: dict[float, RateAttempt] = {}

    def to_rate(rate: float) -> Context:
        cluster = settings.model_copy(update={"rate": rate, "max_drop": None})
        recipe = context.recipe.model_copy(update={"cluster": cluster})
        return replace(context, recipe=recipe, progress=_progress(context, rate))

    *before, last = order(context.recipe, trained=trained)
    check(module, to_rate(settings.rate or START), [*before, last])
    pruned = go_on(module, begin(context), before)
    dense = _right(pruned.teacher(module), context.validation)

    def attempt(rate: float) -> Drop:
        load_state(module, pruned.last)
        made = go_on(module, replace(pruned, context=to_rate(rate)), [last])
        drop = paired(dense, _right(module, context.validation), seed=context.recipe.seed)
        found[rate] = RateAttempt(rate, made, drop)
        return drop

    _, best = walk(limit, settings.rate or START, attempt)
    ordered = sorted(found.values(), key=lambda each: -each.rate)
    if best is None:
        most = ordered[0]
        raise CheckError(
            f"no rate keeps within a drop of {limit:g} points: {most.rate:g} bits a weight lose {most.drop.points:.2f} "
            f"({most.drop.low:.2f} to {most.drop.high:.2f}); allow more, prune less (prune.sparsity), or train longer"
        )
    load_state(module, found[best].made.last)
    return Within(ordered, found[best])


def _right(module: nn.Module, samples: tuple[torch.Tensor, torch.Tensor]) -> npt.NDArray[np.bool_]:
    """Return whether each sample's highest output is its class, boolean of shape (N,)."""
    return (outputs(module, samples[0]).argmax(1) == samples[1]).numpy()


def _progress(context: Context, rate: float) -> Callable[..., None]:
    """The context's progress, with the rate before the last stage's title."""

    def tell(title: str, done: int, total: int, note: str = "", /) -> None:
        context.progress(f"{title} to {rate:g} bits" if title == "cluster" else title, done, total, note)

    return tell
