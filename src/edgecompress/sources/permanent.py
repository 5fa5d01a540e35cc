"""Weights that are computed anew at every call become plain ones: what a file holds is what a network was worth then.

Case 1: ``torch.nn.utils.parametrize`` in all its forms: weight_norm, spectral_norm, orthogonal, a class of the user's
own. Case 2: the older weight_norm and spectral_norm, which are hooks. Case 3: masks of ``torch.nn.utils.prune``.
Anything else that leaves a layer without a parameter is refused by the layer's name.
"""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn.utils import parametrize, prune, remove_spectral_norm, remove_weight_norm
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from edgecompress.compress.layers import COMPRESSIBLE
from edgecompress.errors import InputError


def computed(module: nn.Module) -> bool:
    """Return whether some weight of ``module`` is computed at every call."""
    return any(True for _ in _removals(module))


def permanent(module: nn.Module, source: str) -> nn.Module:
    """``module`` with the weights that it has in evaluation mode as parameters; itself, where it has no others.

    Args:
        module: the network, which is not changed.
        source: what made it, for errors.

    Raises:
        InputError: a layer's weights are computed in a way that is not known, or cannot be made permanent.
    """
    if computed(module):
        module = _copy(module.eval())
        for layer, what, remove in list(_removals(module)):
            try:
                remove()
            except Exception as error:  # of the user's own class, too
                raise InputError(
                    f"{source}: the layer '{layer}' has its weights from {what}, and they cannot be made permanent "
                    f"({(str(error).splitlines() or [type(error).__name__])[0]}); return the network with plain "
                    "weights: torch.nn.utils.parametrize.remove_parametrizations, or torch.nn.utils.prune.remove"
                ) from error
    for name, layer in module.named_modules():
        if isinstance(layer, COMPRESSIBLE) and not isinstance(getattr(layer, "weight", None), nn.Parameter):
            raise InputError(
                f"{source}: the weight of the layer '{name}' ({type(layer).__name__}) is not a parameter but computed; "
                "set it to torch.nn.Parameter(layer.weight.detach()) before the network is returned"
            )
    return module


def _removals(module: nn.Module) -> Iterator[tuple[str, str, Callable[[], object]]]:
    """For each computed weight the layer's name, what computes it, and what makes it permanent."""
    for name, layer in module.named_modules():
        if parametrize.is_parametrized(layer):
            assert isinstance(layer.parametrizations, nn.ModuleDict)
            for own, each in layer.parametrizations.items():
                assert isinstance(each, parametrize.ParametrizationList)
                what = ", ".join(type(step).__name__.lstrip("_") for step in each)
                yield name, what, _call(parametrize.remove_parametrizations, layer, own)
        for hook in list(layer._forward_pre_hooks.values()):
            if isinstance(hook, WeightNorm):
                yield name, "weight_norm", _call(remove_weight_norm, layer, hook.name)
            elif isinstance(hook, SpectralNorm):
                yield name, "spectral_norm", _call(remove_spectral_norm, layer, hook.name)
            elif isinstance(hook, prune.BasePruningMethod):
                yield name, "torch.nn.utils.prune", _call(prune.remove, layer, hook._tensor_name)


def _call(function: Callable[[nn.Module, str], object], layer: nn.Module, name: str) -> Callable[[], object]:
    return lambda: function(layer, name)


@torch.no_grad()
def _copy(module: nn.Module) -> nn.Module:
    """A copy; what hooks have computed is computed again first: the results of an earlier call cannot be copied."""
    for layer in module.modules():
        for hook in layer._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm | SpectralNorm | prune.BasePruningMethod):
                hook(layer, ())
    made = copy.deepcopy(module)
    for layer in made.modules():
        if parametrize.is_parametrized(layer):
            # A copied layer is of the same class, which has the weight as a property: taken off the one, it would be
            # taken off the other too.
            own = layer.__class__
            held = {name: value for name, value in vars(own).items() if name not in ("__dict__", "__weakref__")}
            layer.__class__ = type(own.__name__, own.__bases__, held)
    return made
