"""Check a recipe for what needs training where nothing is trained, before anything is done."""

from torch import nn

from edgecompress.compress.prune.scoring import accumulates
from edgecompress.compress.reconstruct import synthetic
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe


def check(module: nn.Module, recipe: Recipe) -> None:
    """Make sure that all the recipe asks for is possible without training.

    Raises:
        InputError: something is not; the line names it.
    """
    settings = recipe.reconstruct
    if settings is None:
        return
    granularities = [recipe.cluster.granularity, *(layer.granularity for layer in recipe.layers.values())]
    needs_training = {
        f"prune.criterion '{recipe.prune.criterion}'": accumulates(recipe.prune.criterion),
        f"retrain.rewind '{recipe.retrain.rewind}'": recipe.retrain.rewind is not None,
        "distill": recipe.distill is not None,
        "structure": recipe.structure is not None,
        "cluster.training 'soft'": recipe.cluster.training == "soft",
        "cluster.rate": recipe.cluster.rate is not None,
        "cluster.max_drop": recipe.cluster.max_drop is not None,
    }
    for asked, wrong in needs_training.items():
        if wrong:
            raise InputError(
                f"{asked} needs training, and with [reconstruct] nothing is trained; leave out one of both"
            )
    if "model" in granularities:
        raise InputError(
            "[reconstruct] clusters layer by layer, so granularity 'model' is not possible; "
            "set it to layer or channel-group"
        )
    if settings.inputs == "synthetic":
        synthetic.check(module)
        if recipe.export.int8 is True:
            raise InputError(
                'export.int8 calibrates on training inputs, which reconstruct.inputs = "synthetic" does without; '
                "set export.int8 = false"
            )
