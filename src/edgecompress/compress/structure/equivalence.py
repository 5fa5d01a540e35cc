"""Check a cut: the narrower network computes what the whole one does without the channels that went.

The whole network does without a channel when every layer that reads it reads zero there. So the two are compared: one
without the channels, one whose readers' weights for them are zero. They are equal exactly where channels keep their
places between the layers that make them and those that read them, and nothing between looks at several of them. Where
channels are shuffled, turned round, padded, repeated, sorted, or normalised with each other, they differ, or the
narrower network does not run. No operator is known by name.

Compared are outputs on a real input and on noise, in float64, with the network's weights and with random ones: real
ones may be zero, or make little of what is wrong.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import torch
from torch import nn

from edgecompress.compress.structure.groups import ChannelGroup, first_line, positions, remove
from edgecompress.compress.structure.shapes import load_state

Gone = Mapping[str, Sequence[int]]
MOVED = "between layers its channels change places or are computed with each other"
# Of the largest output. Sums in another order differ by 1e-13 of it in float64, by 1e-5 in float32.
TOLERANCE = {torch.float64: 1e-8, torch.float32: 1e-3}


class NarrowingTrial:
    """The network as it is now, on inputs, ready to be compared with narrower ones.

    Args:
        module: the network; neither it nor what it shares is changed.
        sample: one input, shape (1, C, ...).
    """

    def __init__(self, module: nn.Module, sample: torch.Tensor) -> None:
        plain = copy.deepcopy(module).cpu().eval().requires_grad_(False)
        generator = torch.Generator().manual_seed(0)
        real = sample.cpu().double()
        x = torch.cat([real, torch.randn(real.shape, generator=generator, dtype=torch.float64)])
        self.inputs = x
        self.networks: list[nn.Module] = []
        for network in (_random(copy.deepcopy(plain), generator), plain):
            whole, outputs = network.double(), []
            try:
                outputs = _outputs(whole, x)
            except Exception:  # the user's code may ask for float32 by name
                self.inputs, whole = x.float(), network.float()
                with suppress(Exception):  # whatever it raises on noise: there is nothing to compare
                    outputs = _outputs(whole, self.inputs)
            if outputs and all(
                bool(torch.isfinite(each).all()) for each in outputs
            ):  # random weights may leave a logarithm's range
                self.networks.append(whole)

    def wrong(self, groups: Mapping[str, ChannelGroup], gone: Gone) -> str | None:
        """The reason why the channels ``gone`` cannot be removed from the groups; ``None``: they can."""
        if not self.networks:
            return "the network gives no finite outputs on noise, so that no cut can be tried"
        for network in self.networks:
            expected = _without_reading(network, groups, gone, self.inputs)
            narrower = copy.deepcopy(network)
            try:
                load_state(narrower, remove(network, groups, gone))
                produced = _outputs(narrower, self.inputs)
            except Exception as error:  # whatever the user's own code raises where a size does not fit
                return f"with fewer channels the network does not run ({first_line(error)})"
            if not _near(produced, expected):
                return MOVED
        return None

    def unsound(self, groups: Mapping[str, ChannelGroup], gone: Gone) -> dict[str, str]:
        """The ``groups`` that cannot be cut as ``gone`` says, and why: found by halves, so that few are tried."""
        names = [name for name in groups if gone.get(name)]
        chosen = {name: groups[name] for name in names}
        reason = self.wrong(chosen, {name: gone[name] for name in names}) if names else None
        if reason is None:
            return {}
        if len(names) == 1:
            return {names[0]: reason}
        first, second = names[: len(names) // 2], names[len(names) // 2 :]
        found = self.unsound({name: groups[name] for name in first}, gone)
        found |= self.unsound({name: groups[name] for name in second}, gone)
        return found or dict.fromkeys(second, reason)  # each half is right, and both together are not


def _random(network: nn.Module, generator: torch.Generator) -> nn.Module:
    """``network`` with weights that leave nothing without effect, in place."""
    for parameter in network.parameters():
        if not parameter.is_floating_point():
            continue
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim > 1:
            parameter.data.copy_(noise * (2 / max(1, parameter[0].numel())) ** 0.5)
        else:  # scales stay near their own sign and size
            parameter.data.add_(0.3 * noise.abs())
    for layer in network.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer.running_mean is not None:
            layer.running_mean.copy_(0.3 * torch.randn(layer.running_mean.shape, generator=generator))
            assert layer.running_var is not None
            layer.running_var.copy_(0.5 + torch.rand(layer.running_var.shape, generator=generator))
    return network


def _without_reading(
    network: nn.Module, groups: Mapping[str, ChannelGroup], gone: Gone, inputs: torch.Tensor
) -> list[torch.Tensor]:
    """The outputs of the whole ``network`` whose layers read zero where the channels ``gone`` are."""
    kept = []
    for (name, side), places in positions(groups, gone).items():
        if side == "in":
            weight = network.get_submodule(name).weight
            assert isinstance(weight, torch.Tensor)
            kept.append((weight, weight.clone()))
            weight[:, places] = 0
    try:
        return _outputs(network, inputs)
    finally:
        for weight, before in reversed(kept):
            weight.copy_(before)


@torch.no_grad()
def _outputs(network: nn.Module, inputs: torch.Tensor) -> list[torch.Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # a network that draws draws the same
        return list(_tensors(network(inputs)))


def _tensors(out: object) -> Iterator[torch.Tensor]:
    if isinstance(out, torch.Tensor):
        yield out
    elif isinstance(out, dict):
        yield from _tensors(tuple(out.values()))
    elif isinstance(out, list | tuple):
        for each in out:
            yield from _tensors(each)


def _near(produced: Sequence[torch.Tensor], expected: Sequence[torch.Tensor]) -> bool:
    if [each.shape for each in produced] != [each.shape for each in expected]:
        return False
    for made, wanted in zip(produced, expected, strict=True):
        scale = float(wanted.double().abs().max()) if wanted.numel() else 0.0
        if not bool(((made.double() - wanted.double()).abs() <= TOLERANCE.get(wanted.dtype, 0.0) * scale).all()):
            return False
    return True
