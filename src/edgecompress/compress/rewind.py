"""Rewinding: going back to an early epoch of the baseline's schedule and training from there again, pruned.

Learning-rate rewinding (Renda, Frankle & Carbin, "Comparing rewinding and fine-tuning in neural network pruning", ICLR
2020) keeps the pruned network and repeats the last epochs of the baseline's schedule. Weight rewinding (Frankle,
Dziugaite, Roy & Carbin, "Stabilizing the lottery ticket hypothesis", 2019) also sets what is not pruned back to the
values of that epoch.
"""

from collections.abc import Mapping

import torch
from torch import nn

from edgecompress.compress.prune import masks
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe


def check(recipe: Recipe) -> None:
    """Make sure that there is an epoch to go back to.

    Raises:
        InputError: the baseline's schedule is too short, or its weights of then no longer fit.
    """
    if recipe.retrain.rewind is None:
        return
    if recipe.retrain.epochs > recipe.train.epochs:
        raise InputError(
            f"retrain.rewind repeats the last {recipe.retrain.epochs} epochs of train, which has "
            f"{recipe.train.epochs}; lower retrain.epochs"
        )
    if recipe.retrain.rewind == "weights" and recipe.structure:
        raise InputError(
            'retrain.rewind = "weights" would bring back channels that structure removes; set it to "rate", or leave '
            "structure out"
        )


def check_given(recipe: Recipe) -> None:
    """Make sure that no weights of an early epoch are needed, where the baseline is not trained here.

    Raises:
        InputError: they are.
    """
    if recipe.retrain.rewind == "weights":
        raise InputError(
            'retrain.rewind = "weights" needs the weights of an early epoch, which a given checkpoint has not; '
            'set it to "rate", or train the baseline here'
        )


def epoch(recipe: Recipe) -> int:
    """The number of the baseline's epochs that are done where retraining begins again."""
    return recipe.train.epochs - recipe.retrain.epochs


def set_back(module: nn.Module, weights: Mapping[str, torch.Tensor], early: Mapping[str, torch.Tensor]) -> None:
    """Give ``module`` the state ``early``, in place, but for the zeros of ``weights`` (its own), which stay."""
    pruned = masks.of_zeros(weights)
    module.load_state_dict(early)
    masks.apply(weights, pruned)
