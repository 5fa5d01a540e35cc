"""PyTorch networks in memory, pruned and clustered in place without data."""

from typing import Literal

from torch import nn

from edgecompress import recipe as recipes
from edgecompress.compress.cluster.finetune import SharedWeights
from edgecompress.compress.finite import not_finite
from edgecompress.compress.layers import COMPRESSIBLE, compressible
from edgecompress.compress.prune.gradual import GradualPruning
from edgecompress.compress.prune.scoring import accumulates
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe

_WITHOUT_DATA = "any-untrained"


def prune_(
    net: nn.Module,
    sparsity: float = 0.9,
    criterion: str = "magnitude",
    *,
    scope: str = "global",
    pattern: str = "unstructured",
    seed: int = 1,
) -> nn.Module:
    """Set the weights of lowest score to zero, in place, without training.

    Weights are those of convolutions and linear layers; biases and BatchNorm stay. What is zero already stays zero.

    Args:
        net: A network on any device.
        sparsity: Fraction of zeros: over all layers together or in each, as ``scope`` shares them out.
        criterion: What scores a weight: ``magnitude`` or ``random``. Others need gradients, and so training.
        scope: ``global``, ``layer``, ``erk`` or ``lamp``.
        pattern: ``unstructured``, N:M as ``2:4``, or blocks as ``2x1``.
        seed: Of what is drawn.

    Returns:
        ``net``.

    Raises:
        InputError: A method that does not exist or needs training, a pattern that does not fit, or nothing to prune.
    """
    if accumulates(criterion):
        raise InputError(f"criterion '{criterion}' scores weights while a network trains; take magnitude or random")
    changes = {"sparsity": sparsity, "criterion": criterion, "scope": scope, "pattern": pattern}
    recipe = _recipe("prune", changes, seed)
    GradualPruning(weights_of(net, recipe), recipe, steps_per_epoch=1).update(1.0)
    return net


def cluster_(
    net: nn.Module,
    bits: int = 4,
    method: str = "kmeans",
    *,
    granularity: Literal["layer", "channel-group", "model"] = "layer",
    seed: int = 1,
) -> nn.Module:
    """Let the weights of each layer share at most ``2**bits`` values beside zero, in place, without training.

    Zeros stay zeros. A layer of at most 256 distinct values is a palette in the files that are made of it.

    Args:
        net: A network on any device, pruned or not.
        bits: 1 to 8.
        method: ``kmeans``, or another clustering method's name.
        granularity: What shares a codebook.
        seed: Of what is drawn.

    Returns:
        ``net``.

    Raises:
        InputError: A method that does not exist, or nothing to cluster.
        CheckError: A weight is beyond float16, which centroids are kept in.
    """
    recipe = _recipe("cluster", {"bits": bits, "method": method, "granularity": granularity}, seed)
    SharedWeights(weights_of(net, recipe), recipe).finish()
    return net


def _recipe(stage: str, settings: dict[str, object], seed: int) -> Recipe:
    """The recipe that trains nothing, with these settings of a stage."""
    document = recipes.load(_WITHOUT_DATA).model_dump(mode="json")
    document[stage] |= settings
    return Recipe.from_table(document | {"seed": seed}, f"{stage}_")


def weights_of(net: nn.Module, recipe: Recipe) -> dict[str, nn.Parameter]:
    """The weights of ``net`` that ``recipe`` compresses, by their layer's name.

    Raises:
        InputError: there are none, or something in the network is NaN or infinite.
    """
    weights = compressible(net, recipe)
    if not weights:
        kinds = ", ".join(each.__name__ for each in COMPRESSIBLE)
        raise InputError(f"{type(net).__name__} has no layer that can be compressed; these can: {kinds}")
    if wrong := not_finite(net):
        raise InputError(f"'{wrong}' of {type(net).__name__} is NaN or infinite; load a sound checkpoint")
    return weights
