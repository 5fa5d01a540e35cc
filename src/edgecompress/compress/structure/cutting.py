"""One round's cut: which channels go, so that the round's share of the target is reached."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from edgecompress.compress.checkpoints import State
from edgecompress.compress.device import place
from edgecompress.compress.structure.contract import Details, Work
from edgecompress.compress.structure.groups import groups, remove
from edgecompress.compress.structure.macs import costs, macs
from edgecompress.compress.structure.order import floor, order, together
from edgecompress.compress.structure.scoring import score
from edgecompress.compress.structure.search import DENSE, Latency, fewest_steps, search
from edgecompress.compress.structure.shapes import load_state
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe


@dataclass(frozen=True)
class Dense:
    """What the rounds start from: the least channels each group keeps, multiply-accumulates and parameters of all."""

    least: Mapping[str, int]
    macs: int
    parameters: int


def dense(module: nn.Module, sample: torch.Tensor, recipe: Recipe) -> Dense:
    """What the dense ``module`` has.

    Raises:
        InputError: none of its channels may go, or a target of multiply-accumulates cannot be reached; the line says
            what can.
    """
    settings = recipe.structure
    assert settings is not None
    found = groups(module, sample, recipe)
    least = {
        name: floor(group.channels, align=settings.align, layer_limit=settings.layer_limit)
        for name, group in found.items()
    }
    if all(least[name] == group.channels for name, group in found.items()):
        raise InputError(
            "structure: no channel may go; raise structure.layer_limit, lower structure.align, or leave fewer layers "
            "dense"
        )
    whole = macs(module, sample)
    smallest = sum(cost.of(least) for cost in costs(module, sample, found)) / whole
    if settings.macs is not None and smallest > settings.macs:
        raise InputError(
            f"structure.macs = {settings.macs:g} cannot be reached: at least {smallest:.3g} of the "
            "multiply-accumulates stay; raise it or structure.layer_limit, or lower structure.align"
        )
    return Dense(least, whole, parameters(module))


def cut(module: nn.Module, work: Work, begin: Dense, number: int, before: Mapping[str, float | int | str]) -> Details:
    """Remove the channels of round ``number`` from ``module``, in place. Returns what is left and what was measured.

    Args:
        module: as the round before left it.
        work: what the stage gives.
        begin: what the dense network has.
        number: of the round, from 1.
        before: what the rounds before measured.

    Raises:
        InputError: the target of latency cannot be reached; the line says what was measured.
        CheckError: a score is not finite.
    """
    settings, share = work.settings, number / work.settings.rounds
    found = groups(module, work.sample, work.recipe)
    scores = score(module, found, settings.criterion, work.batches(number), seed=work.recipe.seed)
    steps = order(scores, costs(module, work.sample, found), begin.least, align=settings.align)
    left = [macs(module, work.sample), *(step.macs for step in steps)]

    def without(count: int) -> State:
        return remove(module, work.sample, work.recipe, together(steps[:count]))

    def measure(count: int) -> Latency:
        assert work.latency is not None, "whoever asks for a latency must be able to measure it"
        network = copy.deepcopy(module)
        load_state(network, without(count))
        return work.latency(network)

    said: Details = {}
    if settings.macs is not None:
        count = fewest_steps(left, settings.macs**share * begin.macs)
    else:
        assert settings.latency is not None
        smallest = _read("smallest_latency", before) or measure(len(steps))
        if smallest.high > settings.latency:
            raise InputError(
                f"structure.latency = {settings.latency:g} cannot be reached in {settings.runtime}: the smallest "
                f"network takes {smallest.ratio:.3f} of the dense one's time ({smallest.low:.3f} to "
                f"{smallest.high:.3f}); raise it or structure.layer_limit, or lower structure.align"
            )
        chosen = search(
            left,
            settings.latency**share,
            measure,
            now=_read("latency", before) or DENSE,
            smallest=smallest,
            last=number == settings.rounds,
        )
        count = chosen.steps
        said |= {"runtime": settings.runtime, f"round_{number}_latency": chosen.latency.ratio}
        said |= _written("latency", chosen.latency) | _written("smallest_latency", smallest)
    device = next(module.parameters()).device
    load_state(module, without(count))
    place(module, device)
    after = macs(module, work.sample)
    widths = groups(module, work.sample, work.recipe).values()
    return said | {
        f"round_{number}_macs": after / begin.macs,
        "macs_before": begin.macs,
        "macs_after": after,
        "parameters_before": begin.parameters,
        "parameters_after": parameters(module),
        "channels": " ".join(f"{group.name}:{group.channels}" for group in widths),
    }


def parameters(module: nn.Module) -> int:
    """How many parameters a network has."""
    return sum(parameter.numel() for parameter in module.parameters())


def _written(name: str, latency: Latency) -> Details:
    return {f"{name}_ratio": latency.ratio, f"{name}_low": latency.low, f"{name}_high": latency.high}


def _read(name: str, details: Mapping[str, float | int | str]) -> Latency | None:
    """What an earlier round wrote under ``name``."""
    if f"{name}_ratio" not in details:
        return None
    ratio, low, high = (float(details[f"{name}_{which}"]) for which in ("ratio", "low", "high"))
    return Latency(ratio, low, high)
