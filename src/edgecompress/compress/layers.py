"""The layers that are compressed: the weights of convolutions and linear layers."""

from fnmatch import fnmatchcase

import numpy as np
import torch
from torch import nn

from edgecompress.compress.finite import not_finite
from edgecompress.errors import CheckError, InputError
from edgecompress.recipe import Recipe

COMPRESSIBLE = (nn.Conv1d, nn.Conv2d, nn.Linear)


def compressible(module: nn.Module, recipe: Recipe) -> dict[str, nn.Parameter]:
    """The weights that the recipe compresses, by their layer's name, in the network's order.

    A weight that several layers share is one, under the name of the first.

    Raises:
        InputError: a pattern in the recipe's ``layers`` matches no layer.
    """
    layers = {
        name: module.get_parameter(f"{name}.weight" if name else "weight")
        for name, layer in module.named_modules()
        if isinstance(layer, COMPRESSIBLE)
    }
    for pattern in recipe.layers:
        if not any(fnmatchcase(name, pattern) for name in layers):
            raise InputError(f"recipe: layers.'{pattern}' matches no layer; the layers are: {', '.join(layers)}")
    first = {id(weight): name for name, weight in reversed(layers.items())}
    return {name: layers[name] for name in layers if first[id(layers[name])] == name and not recipe.layer(name).dense}


def named(recipe: Recipe, module: nn.Module) -> Recipe:
    """``recipe`` with the layers of ``module`` by name where it has kinds of layers. A kind may have no layer."""
    layers = {name: kind(layer) for name, layer in module.named_modules() if isinstance(layer, COMPRESSIBLE)}
    return recipe.named(layers)


def kind(layer: nn.Conv1d | nn.Conv2d | nn.Linear) -> str:
    """The kind of a layer, one of ``recipe.KINDS``."""
    if isinstance(layer, nn.Linear):
        return "linear"
    if layer.groups == 1:
        return "pointwise" if set(layer.kernel_size) == {1} else "conv"
    return "depthwise" if layer.groups == layer.in_channels else "conv"


def check_finite(module: nn.Module, when: str) -> None:
    """Make sure that all weights and statistics are numbers.

    Raises:
        CheckError: one is NaN or infinite; the line names it.
    """
    name = not_finite(module)
    if name is not None:
        raise CheckError(f"'{name}' is NaN or infinite {when}; lower the learning rate in the recipe")


def distinct(weight: torch.Tensor) -> int:
    """The number of distinct values of a weight, zero included."""
    values = weight.detach().cpu().numpy().flatten()  # a copy, sorted in place: torch.unique takes four
    values.sort()
    return int(np.count_nonzero(values[1:] != values[:-1])) + bool(values.size)
