"""Groups: which channels of a network can only go together, and what every layer loses with each of them.

The dependency graph, and the removal, are torch-pruning's (Fang, Ma, Song, Mi & Wang, "DepGraph: towards any structural
pruning", CVPR 2023): it traces one sample through the network. Here its groups become plain data.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from edgecompress.recipe import Recipe

Side = Literal["out", "in", "norm"]
LAYERS = (nn.Conv1d, nn.Conv2d, nn.Linear)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@dataclass(frozen=True)
class Member:
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
class Group:
    """Channels that go together, named after the first layer that makes them."""

    name: str
    channels: int
    members: tuple[Member, ...]


def groups(module: nn.Module, sample: torch.Tensor, recipe: Recipe) -> dict[str, Group]:
    """The groups of ``module`` whose channels may be removed, by name, in the network's order.

    Left out is what cannot go or must not: what the network puts out, channels that a layer makes or reads which the
    recipe keeps dense or which is a grouped convolution, and what is tied to any layer but convolutions, linear layers
    and BatchNorm.

    Args:
        module: any network of one input; it is not changed.
        sample: one input, shape (1, C, ...).
        recipe: whose ``layers`` say what stays dense.
    """
    network = _copy(module)
    return {group.name: group for group, _ in _traced(network, sample, recipe)}


def remove(
    module: nn.Module, sample: torch.Tensor, recipe: Recipe, gone: Mapping[str, Sequence[int]]
) -> dict[str, torch.Tensor]:
    """The state of a network like ``module``, which is not changed, without the channels ``gone`` of each group."""
    network = _copy(module)
    for group, root in _traced(network, sample, recipe):
        if gone.get(group.name):
            root.prune(list(gone[group.name]))
    with torch.no_grad():
        network(sample.cpu().float())  # fails here and not hours later, should the graph have missed a dependency
    return {name: tensor.detach().contiguous() for name, tensor in network.state_dict().items()}


def _copy(module: nn.Module) -> nn.Module:
    return copy.deepcopy(module).cpu().float().eval().requires_grad_(True)


def _traced(network: nn.Module, sample: torch.Tensor, recipe: Recipe) -> list[tuple[Group, Any]]:
    """The groups of ``network``, each with torch-pruning's own, which removes channels from that very network."""
    import torch_pruning  # type: ignore[import-untyped]

    with torch.enable_grad():
        graph = torch_pruning.DependencyGraph().build_dependency(network, sample.cpu().float(), verbose=False)
    names = {layer: name for name, layer in network.named_modules()}
    order = {name: number for number, name in enumerate(names.values())}
    found = []
    for traced in graph.get_all_groups(root_module_types=list(LAYERS)):
        if any(_stays(item.dep, names, recipe, graph) for item in traced):
            continue
        items = [item for item in traced if isinstance(item.dep.target.module, LAYERS + NORMS)]
        members = tuple(_member(item, names[item.dep.target.module], graph) for item in items)
        name = min((member.layer for member in members if member.side == "out"), key=order.__getitem__)
        found.append((Group(name, len(traced[0].idxs), members), traced))
    return sorted(found, key=lambda pair: order[pair[0].name])


def _stays(dependency: Any, names: Mapping[nn.Module, str], recipe: Recipe, graph: Any) -> bool:
    """Whether what a dependency touches keeps the whole group as it is."""
    from torch_pruning.ops import OPTYPE  # type: ignore[import-untyped]

    node, layer = dependency.target, dependency.target.module
    if graph.is_out_channel_pruning_fn(dependency.handler) and not node.outputs:
        return True  # it is what the network puts out
    if isinstance(layer, LAYERS):
        return recipe.layer(names[layer]).dense or getattr(layer, "groups", 1) != 1
    return not isinstance(layer, NORMS) and node.type not in (OPTYPE.ELEMENTWISE, OPTYPE.RESHAPE)


def _member(item: Any, name: str, graph: Any) -> Member:
    """An item of a group as plain data."""
    layer, handler = item.dep.target.module, item.dep.handler
    side: Side = "norm" if isinstance(layer, NORMS) else "out" if graph.is_out_channel_pruning_fn(handler) else "in"
    rows: dict[int, list[int]] = {}
    for channel, position in zip(item.root_idxs, item.idxs, strict=True):
        rows.setdefault(channel, []).append(position)
    return Member(name, side, torch.tensor([rows[channel] for channel in sorted(rows)]))
