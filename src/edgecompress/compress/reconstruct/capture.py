"""Capture a layer's inputs and outputs, without the rest of the network being computed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from edgecompress.compress.layers import COMPRESSIBLE
from edgecompress.errors import InputError

BATCH = 32
Norm = nn.modules.batchnorm._BatchNorm


@dataclass(frozen=True)
class Position:
    """A layer, or a BatchNorm, where it is in the execution of its network.

    Attributes:
        name: the module's.
        calls: how often one pass calls it.
        normalised: a BatchNorm and nothing else takes what it puts out.
    """

    name: str
    calls: int
    normalised: bool


class _Reached(Exception):  # noqa: N818 - not an error: the pass has gone far enough
    """All calls of a layer are over."""


@torch.no_grad()
def places(module: nn.Module, x: torch.Tensor) -> list[Position]:
    """All layers with weights to compress and all BatchNorms that ``x`` passes, in the order of execution.

    Args:
        module: the network; it is put into evaluation mode.
        x: an input, shape (1, C, ...).
    """
    order: list[str] = []
    made: dict[str, torch.Tensor] = {}
    taken: list[tuple[torch.Tensor, bool]] = []

    def note(name: str, layer: nn.Module, given: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        taken.append((given[0], isinstance(layer, Norm)))
        if isinstance(layer, (*COMPRESSIBLE, Norm)):
            order.append(name)
            made[name] = out

    leaves = [(name, layer) for name, layer in module.named_modules() if not list(layer.children())]
    handles = [
        layer.register_forward_hook(lambda layer, given, out, name=name: note(name, layer, given, out))
        for name, layer in leaves
    ]
    try:
        module.eval()(x.to(next(module.parameters()).device))
    finally:
        for handle in handles:
            handle.remove()
    return [Position(name, order.count(name), _normalised(made[name], taken)) for name in dict.fromkeys(order)]


def _normalised(out: torch.Tensor, taken: list[tuple[torch.Tensor, bool]]) -> bool:
    takers = [is_norm for given, is_norm in taken if given is out]
    return bool(takers) and all(takers)


@torch.no_grad()
def passes(module: nn.Module, place: Position, x: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The inputs and outputs of one layer in evaluation mode, call by call, for a batch of ``x`` after the other.

    Nothing behind the layer is computed.
    """
    layer = module.eval().get_submodule(place.name)
    device = next(module.parameters()).device
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def note(_: nn.Module, given: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        seen.append((given[0], out))
        if len(seen) == place.calls:
            raise _Reached

    # A network that computes one sample after the other calls the layer again for each.
    for batch in torch.split(x, getattr(module, "samples_at_once", None) or BATCH):
        seen.clear()
        handle = layer.register_forward_hook(note)
        try:
            module(batch.to(device))
        except _Reached:
            pass
        finally:
            handle.remove()
        yield from seen


def check_reached(found: list[Position], names: Mapping[str, object]) -> None:
    """Make sure that every layer that is to be compressed has inputs.

    Raises:
        InputError: the network does not use one.
    """
    reached = {place.name for place in found}
    for name in names:
        if name not in reached:
            raise InputError(f"layer '{name}' sees no input; keep it dense: layers.'{name}'.dense = true")
