"""Shapes: a state without some of a network's channels fits a network once its layers have the state's shapes.

Nothing else remembers which channels went: a state carries its structure itself.
"""

from collections.abc import Mapping

import torch
from torch import nn

from edgecompress.errors import CheckError


def load_state(module: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Set the weights of ``module`` to ``state``, in place, with layers made as narrow or as wide as the state is.

    Parameters and buffers of other shapes are replaced, so an optimizer of the old ones is of no use. The rest stays.

    Args:
        module: convolutions, linear layers, BatchNorm and layers without parameters.
        state: a state dictionary of the same names. Its tensors are copied one after the other, none is kept.

    Raises:
        CheckError: a tensor that belongs to another kind of layer has another shape.
    """
    for name, layer in module.named_modules():
        prefix = f"{name}." if name else ""
        for own, tensor in [*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False)]:
            wanted = state.get(prefix + own)
            if wanted is None or wanted.shape == tensor.shape:
                continue
            if not isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear | nn.modules.batchnorm._BatchNorm):
                raise CheckError(f"'{prefix}{own}' has shape {list(wanted.shape)}, the network's {list(tensor.shape)}")
            _replace(layer, own, tensor, wanted.shape)
    own_tensors = module.state_dict()
    assert own_tensors.keys() == state.keys(), "a state is of the network that it is loaded into"
    with torch.no_grad():
        for name, tensor in own_tensors.items():
            tensor.copy_(state[name])


def _replace(layer: nn.Module, name: str, tensor: torch.Tensor, shape: torch.Size) -> None:
    """Give ``layer`` a tensor of another shape, of the same kind and device, and the sizes that go with it."""
    layout = torch.channels_last if len(shape) == 4 else torch.contiguous_format
    made = torch.empty(shape, dtype=tensor.dtype, device=tensor.device, memory_format=layout)
    if isinstance(tensor, nn.Parameter):
        setattr(layer, name, nn.Parameter(made, requires_grad=tensor.requires_grad))
    else:
        setattr(layer, name, made)
    if isinstance(layer, nn.Linear) and name == "weight":
        layer.out_features, layer.in_features = shape
    elif isinstance(layer, nn.Conv1d | nn.Conv2d) and name == "weight":
        layer.out_channels, layer.in_channels = shape[0], shape[1] * layer.groups
    elif isinstance(layer, nn.modules.batchnorm._BatchNorm):
        layer.num_features = shape[0]
