"""The sparsity, criterion and pattern of each layer by the recipe, checked before hours of training."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch

from edgecompress import methods
from edgecompress.compress.prune import patterns
from edgecompress.compress.prune.masks import SCOPES
from edgecompress.compress.prune.patterns import NOfM, Pattern
from edgecompress.compress.prune.schedules.contract import Schedule
from edgecompress.compress.prune.scoring import accumulates
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe

SCHEDULES = "edgecompress.compress.prune.schedules"
# 1:3 makes two thirds zeros, which a recipe may well write as 0.67.
ROUNDING = 0.005


@dataclass(frozen=True)
class PrunePlan:
    """The patterns and the final sparsities of layers, and the schedule on which all come there.

    Attributes:
        schedule: with its options bound.
        patterns: of every layer.
        own: final sparsities of the layers that have one of their own.
    """

    schedule: Schedule
    patterns: dict[str, Pattern]
    own: dict[str, float]


def plan(weights: Mapping[str, torch.Tensor], recipe: Recipe) -> PrunePlan:
    """The plan that ``recipe`` has for ``weights``.

    Raises:
        InputError: a method that does not exist, an option that its method does not have, or a pattern that does not
            fit a layer's shape or its sparsity.
    """
    settings = recipe.prune
    methods.find(SCOPES, settings.scope)
    if accumulates(settings.criterion) and not settings.epochs:
        raise InputError(
            f"prune.criterion '{settings.criterion}' scores weights while it trains; set prune.epochs to 1 or more"
        )
    schedule = methods.find(SCHEDULES, settings.schedule)
    options = methods.options(schedule, {} if settings.steps is None else {"steps": settings.steps})
    found = PrunePlan(partial(schedule, **options), {}, {})
    for name, weight in weights.items():
        layer = recipe.layer(name)
        pattern = patterns.parse(layer.pattern or settings.pattern or "unstructured")
        patterns.check(name, weight.shape, pattern)
        found.patterns[name] = pattern
        if isinstance(pattern, NOfM):
            asked = settings.sparsity if layer.sparsity is None and layer.pattern is None else layer.sparsity
            _check_sparsity(name, pattern, asked)
            found.own[name] = pattern.sparsity
        elif layer.sparsity is not None:
            found.own[name] = layer.sparsity
    return found


def _check_sparsity(layer: str, pattern: NOfM, asked: float | None) -> None:
    """N:M leaves no choice of sparsity; make sure that the recipe asks for no other."""
    if asked is not None and abs(asked - pattern.sparsity) > ROUNDING:
        raise InputError(
            f"pattern {pattern} makes {pattern.sparsity:.4g} of layer '{layer}' zero, the recipe asks for {asked}; "
            "set the sparsity to that, or choose another pattern"
        )
