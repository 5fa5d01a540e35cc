"""The scores of all channels by one criterion, with the gradients of some batches where the criterion wants them."""

import copy
import hashlib
from collections.abc import Iterable, Mapping

import torch
from torch import nn

from edgecompress import methods
from edgecompress.compress.structure.criteria.contract import Parts
from edgecompress.compress.structure.groups import ChannelGroup, ChannelMember
from edgecompress.compress.targets import Targets, moved
from edgecompress.compress.train import CrossEntropy, Loss
from edgecompress.errors import CheckError

CRITERIA = "edgecompress.compress.structure.criteria"
Batches = Iterable[tuple[torch.Tensor, Targets]]


def score(
    module: nn.Module,
    groups: Mapping[str, ChannelGroup],
    criterion: str,
    batches: Batches,
    *,
    seed: int,
    loss: Loss | None = None,
) -> dict[str, torch.Tensor]:
    """The scores of every group's channels, float32 (channels,) on the CPU; low ones go first.

    Args:
        module: the network, which is not changed.
        groups: of its channels.
        criterion: a method in ``criteria``.
        batches: inputs and classes for criteria that want gradients; not read for others.
        seed: of criteria that draw.
        loss: whose gradients are taken; cross entropy with the classes if None.

    Raises:
        InputError: there is no such criterion.
        CheckError: a score is NaN or infinite.
    """
    method = methods.find(CRITERIA, criterion)
    loss = loss or CrossEntropy()
    asks = methods.keywords(method)
    found: dict[str, torch.Tensor] = {}
    if "gradients" in asks:
        network = copy.deepcopy(module).eval().requires_grad_(True)
        parameters = dict(network.named_parameters())
        for x, y in batches:
            network.zero_grad(set_to_none=True)
            device = next(network.parameters()).device
            given = x.to(device)
            torch.autograd.backward(loss(given, network(given).float(), moved(y, device)))
            gradients = {name: _gradient(parameter) for name, parameter in parameters.items()}
            for name, group in groups.items():
                new = method(parts(group, parameters), gradients=parts(group, gradients))
                found[name] = found[name] + new if name in found else new
    else:
        parameters = dict(module.named_parameters())
        for name, group in groups.items():
            options = {"generator": _generator(seed, name)} if "generator" in asks else {}
            found[name] = method(parts(group, parameters), **options)
    for name, scores in found.items():
        if not bool(torch.isfinite(scores).all()):
            raise CheckError(f"structure: scores of '{name}' by {criterion} are not finite; lower the learning rate")
    return {name: scores.detach().float().cpu() for name, scores in found.items()}


def parts(group: ChannelGroup, tensors: Mapping[str, torch.Tensor]) -> Parts:
    """The parts of ``tensors``, parameters by name or their gradients, that go with the channels of ``group``."""
    rows: dict[str, list[torch.Tensor]] = {"out": [], "norm": [], "in": []}
    for member in group.members:
        for own in ("weight", "bias"):
            name = f"{member.layer}.{own}" if member.layer else own
            if name in tensors and not (member.side == "in" and own == "bias"):
                rows[member.side].append(_rows(tensors[name], member))
    return Parts(tuple(rows["out"]), tuple(rows["norm"]), tuple(rows["in"]))


def _rows(tensor: torch.Tensor, member: ChannelMember) -> torch.Tensor:
    """The elements of ``tensor`` that go with each channel, (channels, n)."""
    places = member.positions.to(tensor.device)
    along = tensor.transpose(0, 1) if member.side == "in" else tensor
    return along[places.reshape(-1)].reshape(len(places), -1)


def _gradient(parameter: nn.Parameter) -> torch.Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def _generator(seed: int, group: str) -> torch.Generator:
    """A source of randomness of a group's own, the same wherever the group stands."""
    digest = hashlib.sha256(f"{seed}/{group}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8]) >> 1)
