"""Pruning without training: in each layer the weights that are left reconstruct its outputs."""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from edgecompress.compress.details import PruneDetails
from edgecompress.compress.layers import compressible
from edgecompress.compress.prune import masks
from edgecompress.compress.prune.patterns import UNSTRUCTURED
from edgecompress.compress.prune.plan import plan
from edgecompress.compress.prune.scoring import Scoring
from edgecompress.compress.reconstruct import support
from edgecompress.compress.reconstruct.errors import Errors
from edgecompress.compress.reconstruct.least_squares import solve
from edgecompress.compress.reconstruct.objective import LayerObjective
from edgecompress.compress.reconstruct.patches import matrix
from edgecompress.compress.reconstruct.walk import walk
from edgecompress.progress import Progress
from edgecompress.recipe import Recipe

Inputs = Callable[[], torch.Tensor]


def prune(module: nn.Module, teacher: nn.Module, recipe: Recipe, inputs: Inputs, progress: Progress) -> PruneDetails:
    """Prune ``module`` in place to the recipe's sparsity. Returns what was done.

    The recipe's criterion and scope say how many weights of each layer go. Which ones, the layer's own outputs say
    (``masks = "obs"``), or the criterion; under a pattern always the criterion.
    """
    settings = recipe.reconstruct
    assert settings is not None
    weights, x = compressible(module, recipe), inputs()
    chosen, patterns = _by_criterion(weights, recipe), plan(weights, recipe).patterns
    errors = Errors()
    for reached in walk(module, teacher, weights, x, damping=settings.damping, title="prune", progress=progress):
        kept = matrix(reached.layer, chosen[reached.name]) != 0
        plain, found = [], []
        for part, keep in zip(reached.parts, kept, strict=True):
            plain.append(part.start * keep)
            tried = [solve(part, keep & (part.start != 0))]
            if settings.masks == "obs" and patterns[reached.name] == UNSTRUCTURED:
                tried.append(solve(part, support.choose(part, int((~keep).sum())) & (part.start != 0)))
            found.append(min(tried, key=partial(_total, part)))
        new = torch.stack(found)
        errors.add(reached.name, reached.off(torch.stack(plain)), reached.off(new))
        reached.write(new)
    return PruneDetails(
        inputs=settings.inputs,
        samples=len(x),
        masks=settings.masks,
        criterion=recipe.prune.criterion,
        scope=recipe.prune.scope,
        **errors.details(),
    )


def _total(part: LayerObjective, weight: torch.Tensor) -> float:
    return float(part.damped(weight).sum())


def _by_criterion(weights: dict[str, nn.Parameter], recipe: Recipe) -> masks.Masks:
    """The masks that the recipe's criterion, scope and patterns give the weights as they are."""
    planned, scoring = plan(weights, recipe), Scoring(weights, recipe.prune.criterion, recipe.seed)
    scores = {
        name: torch.where(weight.detach() != 0, scoring.layer(name).detach().float().to(weight.device), -torch.inf)
        for name, weight in weights.items()
    }
    return masks.choose(
        scores,
        recipe.prune.sparsity,
        scope=recipe.prune.scope,
        own=planned.own,
        layer_limit=recipe.prune.layer_limit,
        patterns=planned.patterns,
    )
