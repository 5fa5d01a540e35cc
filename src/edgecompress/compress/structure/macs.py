"""Multiply-accumulates of one sample: what convolutions and linear layers do, by the number of channels that are left.

Counted as the field does: one for each product with a weight. Biases, normalisation, activations and pooling are left
out; they are below a percent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import torch
from torch import nn

from edgecompress.compress.structure.groups import LAYERS, ChannelGroup


@dataclass(frozen=True)
class Cost:
    """Multiply-accumulates of one layer: ``fixed * outputs * inputs``, where a group's channels decide those it names.

    Attributes:
        fixed: positions and kernel, and the sides that no group decides.
        groups: the groups that decide its sides, none to two of them.
    """

    fixed: int
    groups: tuple[str, ...]

    def of(self, channels: Mapping[str, int]) -> int:
        """The multiply-accumulates of the layer where its groups have so many channels."""
        return self.fixed * prod(channels[name] for name in self.groups)


@torch.no_grad()
def positions(module: nn.Module, sample: torch.Tensor) -> dict[str, int]:
    """The number of times each layer applies its weights to one sample, shape (1, C, ...), by the layer's name."""
    counts: dict[str, int] = {}
    handles = []
    for name, layer in module.named_modules():
        if isinstance(layer, LAYERS):

            def count(layer: nn.Module, _: object, output: torch.Tensor, name: str = name) -> None:
                outputs = output.shape[-1] if isinstance(layer, nn.Linear) else output.shape[1]
                counts[name] = counts.get(name, 0) + output[0].numel() // outputs

            handles.append(layer.register_forward_hook(count))
    training = module.training
    try:
        module.eval()(sample.to(next(module.parameters()).device))
    finally:
        module.train(training)
        for handle in handles:
            handle.remove()
    return counts


def costs(module: nn.Module, sample: torch.Tensor, groups: Mapping[str, ChannelGroup]) -> list[Cost]:
    """The costs of all layers of ``module``, as the channels of ``groups`` decide them."""
    deciding: dict[str, list[ChannelGroup]] = {}
    for group in groups.values():
        for member in group.members:
            if member.side != "norm":
                deciding.setdefault(member.layer, []).append(group)
    found = []
    for name, count in positions(module, sample).items():
        own = deciding.get(name, [])
        products = count * _weights(module, name)
        found.append(Cost(products // prod(group.channels for group in own), tuple(group.name for group in own)))
    return found


def macs(module: nn.Module, sample: torch.Tensor) -> int:
    """Multiply-accumulates of ``module`` for one ``sample``, shape (1, C, ...)."""
    return sum(count * _weights(module, name) for name, count in positions(module, sample).items())


def _weights(module: nn.Module, layer: str) -> int:
    return module.get_parameter(f"{layer}.weight" if layer else "weight").numel()
