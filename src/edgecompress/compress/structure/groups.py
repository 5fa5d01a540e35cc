"""Groups: which channels of a network can only go together, and what every layer loses with each of them.

The dependency graph is torch-pruning's (Fang, Ma, Song, Mi & Wang, "DepGraph: towards any structural pruning", CVPR
2023): it traces one sample through the network. Here its groups become plain data. It follows channels by what it knows
of each operator, and takes one that it does not know for one that leaves channels in their places: what it says is a
proposal, which ``equivalence`` puts to the test.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from edgecompress.errors import InputError
from edgecompress.recipe import Recipe

Side = Literal["out", "in", "norm"]
LAYERS = (nn.Conv1d, nn.Conv2d, nn.Linear)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@dataclass(frozen=True)
class ChannelMember:
    """One layer's share in a group.

    Attributes:
        layer: its name.
        side: what of it goes with a channel: an output, inputs, or a normalised channel.
        positions: int64 (channels, n): the indices along that side that go with each channel. n is above 1 where a
            linear layer reads flattened positions.
    """

    layer: str
    side: Side
    positions: torch.Tensor


@dataclass(frozen=True)
class ChannelGroup:
    """Channels that go together, named after the first layer that makes them."""

    name: str
    channels: int
    members: tuple[ChannelMember, ...]


@dataclass(frozen=True)
class Traced:
    """The result of a trace.

    Attributes:
        groups: those whose channels may go, by name, in the network's order.
        left: the layers whose channels cannot, by name, and why; what the recipe keeps dense and what the network puts
            out is not among them.
    """

    groups: Mapping[str, ChannelGroup]
    left: Mapping[str, str]


def trace(module: nn.Module, sample: torch.Tensor, recipe: Recipe) -> Traced:
    """The groups of ``module``.

    Left out is what cannot go or must not: what the network puts out, channels that a layer makes or reads which the
    recipe keeps dense or which is a grouped convolution, and what is tied to any layer but convolutions, linear layers
    and BatchNorm.

    Args:
        module: any network of one input; it is not changed.
        sample: one input, shape (1, C, ...).
        recipe: whose ``layers`` say what stays dense.

    Raises:
        InputError: the network cannot be traced.
    """
    import torch_pruning  # type: ignore[import-untyped]

    network = copy.deepcopy(module).cpu().float().eval().requires_grad_(True)
    try:
        with torch.enable_grad():
            graph = torch_pruning.DependencyGraph().build_dependency(network, sample.cpu().float(), verbose=False)
        proposed = list(graph.get_all_groups(root_module_types=list(LAYERS)))
    except Exception as error:  # of many kinds: it interprets whatever the network does
        raise InputError(
            f"structure: torch-pruning cannot follow the channels of {type(module).__name__}: {first_line(error)}; "
            "leave [structure] out"
        ) from error
    names = {layer: name for name, layer in network.named_modules()}
    order = {name: number for number, name in enumerate(names.values())}
    found: dict[str, ChannelGroup] = {}
    left: dict[str, str] = {}
    for each in proposed:
        made = [names[item.dep.target.module] for item in each if item.dep.target.module in names]
        name = min((layer for layer in made if isinstance(network.get_submodule(layer), LAYERS)), key=order.__getitem__)
        if any(_wanted(item.dep, names, recipe, graph) for item in each):
            continue
        tied = next((reason for item in each if (reason := _tied(item.dep, names))), None)
        if tied:
            left[name] = tied
            continue
        items = [item for item in each if isinstance(item.dep.target.module, LAYERS + NORMS)]
        members = tuple(_member(item, names[item.dep.target.module], graph) for item in items)
        if any(member is None or not _fits(member, network, len(each[0].idxs)) for member in members):
            left[name] = "its channels cannot be followed to the layers that read them"
            continue
        known = tuple(member for member in members if member is not None)
        name = min((member.layer for member in known if member.side == "out"), key=order.__getitem__)
        found[name] = ChannelGroup(name, len(each[0].idxs), known)
    return Traced({name: found[name] for name in sorted(found, key=order.__getitem__)}, left)


def remove(
    module: nn.Module, groups: Mapping[str, ChannelGroup], gone: Mapping[str, Sequence[int]]
) -> dict[str, torch.Tensor]:
    """The state of a network like ``module``, which is not changed, without the channels ``gone`` of each group."""
    state = dict(module.state_dict())
    names: dict[nn.Module, list[str]] = {}
    for name, layer in module.named_modules(remove_duplicate=False):
        names.setdefault(layer, []).append(name)  # a layer that stands in two places has its tensors under both names
    for (name, side), places in positions(groups, gone).items():
        layer, axis = module.get_submodule(name), 1 if side == "in" else 0
        for own, tensor in [*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False)]:
            if not tensor.ndim or (side == "in" and own != "weight"):
                continue
            for alias in names[layer]:
                key = f"{alias}.{own}" if alias else own
                stays = torch.ones(state[key].shape[axis], dtype=torch.bool, device=tensor.device)
                stays[places.to(tensor.device)] = False
                state[key] = state[key].index_select(axis, torch.nonzero(stays).reshape(-1))
    return {name: tensor.detach().contiguous() for name, tensor in state.items()}


def positions(
    groups: Mapping[str, ChannelGroup], gone: Mapping[str, Sequence[int]]
) -> dict[tuple[str, Side], torch.Tensor]:
    """The positions of the channels ``gone``, by layer and side: indices along that side, int64."""
    found: dict[tuple[str, Side], list[torch.Tensor]] = {}
    for name, channels in gone.items():
        for member in groups[name].members if channels else ():
            found.setdefault((member.layer, member.side), []).append(member.positions[list(channels)].reshape(-1))
    return {place: torch.cat(parts) for place, parts in found.items()}


def first_line(error: BaseException) -> str:
    """The first line of another library's error."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _wanted(dependency: Any, names: Mapping[nn.Module, str], recipe: Recipe, graph: Any) -> bool:
    """Return whether a dependency touches what must stay as it is: the network's outputs, or what the recipe keeps."""
    node, layer = dependency.target, dependency.target.module
    if graph.is_out_channel_pruning_fn(dependency.handler) and not node.outputs:
        return True
    return isinstance(layer, LAYERS) and recipe.layer(names[layer]).dense


def _tied(dependency: Any, names: Mapping[nn.Module, str]) -> str | None:
    """The reason why a dependency keeps the whole group as it is; ``None``: it does not."""
    from torch_pruning.ops import OPTYPE  # type: ignore[import-untyped]

    node, layer = dependency.target, dependency.target.module
    if isinstance(layer, LAYERS):
        return "tied to a grouped convolution" if getattr(layer, "groups", 1) != 1 else None
    if isinstance(layer, NORMS) or node.type in (OPTYPE.ELEMENTWISE, OPTYPE.RESHAPE):
        return None
    return f"tied to a {type(layer).__name__}" if names.get(layer) else "tied to a tensor that belongs to no layer"


def _member(item: Any, name: str, graph: Any) -> ChannelMember | None:
    """An item of a group as plain data; ``None`` where channels have different numbers of positions."""
    layer, handler = item.dep.target.module, item.dep.handler
    side: Side = "norm" if isinstance(layer, NORMS) else "out" if graph.is_out_channel_pruning_fn(handler) else "in"
    rows: dict[int, list[int]] = {}
    for channel, position in zip(item.root_idxs, item.idxs, strict=True):
        rows.setdefault(channel, []).append(position)
    if len({len(row) for row in rows.values()}) != 1:
        return None
    return ChannelMember(name, side, torch.tensor([rows[channel] for channel in sorted(rows)]))


def _fits(member: ChannelMember, network: nn.Module, channels: int) -> bool:
    """Return whether every channel has positions, and the layer has these."""
    layer = network.get_submodule(member.layer)
    weight = getattr(layer, "weight", None)
    size = layer.num_features if isinstance(layer, NORMS) else weight.shape[1 if member.side == "in" else 0]  # type: ignore[union-attr]
    return len(member.positions) == channels and int(member.positions.max()) < int(size)
