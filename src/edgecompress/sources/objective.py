"""A loss and a metric of the user's own, as the stages know them: of what the network puts out, and of any targets."""

import itertools
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from pydantic import JsonValue
from torch import nn

from edgecompress.compress.evaluate import Metric
from edgecompress.compress.record import Better
from edgecompress.compress.targets import Targets
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe
from edgecompress.sources.alone import noise
from edgecompress.sources.data.dataset import why_no_classes
from edgecompress.sources.identity import decides, name_of
from edgecompress.sources.rows import Rows
from edgecompress.sources.signature import Signature

Loss = Callable[[Any, Any], torch.Tensor]
"""``loss(outputs, targets)``, a tensor of one number."""
Judge = Callable[[Any, Any], float]
"""``metric(outputs, targets)``, a number."""


@dataclass(frozen=True)
class CustomLoss:
    """A loss of the user's own, as the stages know one."""

    function: Loss
    rows: Rows

    def __call__(self, x: torch.Tensor, logits: torch.Tensor, y: Targets) -> torch.Tensor:  # noqa: ARG002
        """The loss of a batch.

        Raises:
            InputError: it is nothing that can be made small.
        """
        value = self.function(self.rows.outputs(logits), y)
        _number(value, "loss", self.function)
        if not isinstance(value, torch.Tensor) or not value.requires_grad:
            raise InputError(f"loss {name_of(self.function)} does not depend on the outputs; compute it from them")
        return value


def _number(value: object, what: str, function: Callable[..., Any]) -> float:
    """The result of a loss or a metric as one number.

    Raises:
        InputError: it is no number.
    """
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        return float(value.detach())
    if isinstance(value, numbers.Real):
        return float(value)
    shape = f" of shape {list(value.shape)}" if isinstance(value, torch.Tensor) else ""
    raise InputError(f"{what} {name_of(function)} returned a {type(value).__name__}{shape}; return one number")


def layout_of(example: object) -> JsonValue:
    """The places of the outputs in what a network puts out; ``None``: it has a type of its own among them."""
    count = itertools.count()

    def one(part: object) -> JsonValue:
        if isinstance(part, torch.Tensor):
            return next(count)
        if type(part) in (tuple, list):
            return [one(each) for each in part]  # type: ignore[attr-defined]
        if type(part) is dict and all(isinstance(name, str) for name in part):
            return {name: one(each) for name, each in part.items()}
        raise TypeError

    try:
        return one(example)
    except TypeError:
        return None


@dataclass(frozen=True)
class Objective:
    """The objective of a network of the user's own: what it learns from and is judged by.

    Attributes:
        rows: what takes its outputs apart, for both.
        loss: of the user's own; ``None``: that of classes.
        metric: the user's, or the loss where there is one alone; ``None``: top-1 accuracy.
        functions: as they were given, by ``loss`` and ``metric``.
        layout: how the network gives its outputs, as ``manifest.Evaluation`` has it; ``None``: in a way of its own.
    """

    rows: Rows
    loss: CustomLoss | None
    metric: Metric | None
    functions: Mapping[str, Callable[..., Any]]
    layout: JsonValue = None

    @classmethod
    def of(
        cls,
        module: nn.Module,
        signature: Signature,
        loss: Loss | None,
        metric: Judge | None,
        better: Better | None = None,
    ) -> Self:
        """For ``module``, whose outputs are taken apart by hooks from now on.

        ``better``: the direction of the metric. A loss alone is better where it is lower.
        """
        with torch.no_grad():
            example = module.eval()(*noise(signature.inputs, 2))
            rows = Rows(module, signature, example)
        judge, name = (metric, name_of(metric)) if metric else (loss, f"loss, {name_of(loss)}" if loss else "")
        what = "metric" if metric else "loss"
        made = None
        if judge is not None:
            judged = lambda row, y: _number(judge(rows.outputs(row), y), what, judge)  # noqa: E731
            made = Metric(name, judged, better if metric else "lower")
        functions = {role: each for role, each in (("loss", loss), ("metric", metric)) if each is not None}
        return cls(rows, None if loss is None else CustomLoss(loss, rows), made, functions, layout_of(example))

    @property
    def decides(self) -> dict[str, Any]:
        """The part of the functions that is in a checkpoint's key.

        Raises:
            InputError: one of them cannot be distinguished from others.
        """
        return {role: decides(function, role) for role, function in self.functions.items()}

    def check(self, recipe: Recipe, signature: Signature) -> None:
        """Make sure that ``recipe`` asks for nothing beside a loss that only classes have.

        Raises:
            InputError: it does.
        """
        if self.loss is None:
            return
        if recipe.distill and why_no_classes(signature):
            raise InputError("[distill] learns from scores of classes, and these are none; leave it out of the recipe")
        smoothed = [
            name
            for name in ("train", "structure", "prune", "retrain", "cluster")
            if (stage := getattr(recipe, name)) is not None and stage.label_smoothing
        ]
        if smoothed:
            raise InputError(f"{smoothed[0]}.label_smoothing is of the loss of classes; set it to 0")
