"""The phases of a training loop of the caller's own, shared out over its steps."""

from typing import Literal

from edgecompress.errors import InputError
from edgecompress.recipe import Recipe

Phase = Literal["prune", "retrain", "cluster", "finished"]


def share_out(recipe: Recipe, total_steps: int) -> tuple[int, int]:
    """The step after which all is pruned, and the one after which weights are clustered.

    Raises:
        InputError: the recipe asks for what is not done in a loop of the caller's own, or trains nothing.
    """
    asked = {
        "structure": recipe.structure is not None,
        "distill": recipe.distill is not None,
        "reconstruct": recipe.reconstruct is not None,
        "retrain.rewind": recipe.retrain.rewind is not None,
    }
    for name, wrong in asked.items():
        if wrong:
            raise InputError(f"{name} is not possible in a loop of one's own; leave it out, or call ec.compress")
    epochs = [recipe.prune.epochs, recipe.retrain.epochs, recipe.cluster.epochs]
    if not sum(epochs):
        raise InputError("the recipe trains nothing: set prune.epochs, retrain.epochs and cluster.epochs")
    if total_steps < 1:
        raise InputError(f"total_steps is {total_steps}; give the steps that the optimizer will take, 1 or more")
    pruned = round(total_steps * epochs[0] / sum(epochs))
    clustering = round(total_steps * (epochs[0] + epochs[1]) / sum(epochs))
    return pruned, clustering
