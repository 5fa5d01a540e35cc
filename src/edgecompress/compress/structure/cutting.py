"""One round's cut: which channels go, so that the round's share of the target is reached.

Only channels go without which the network computes what it did before with zero in their place. Groups of which that is
not so are left alone, and the cut is made anew without them.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from edgecompress.compress.checkpoints import State
from edgecompress.compress.details import StructureDetails, StructureRound
from edgecompress.compress.device import place
from edgecompress.compress.structure.contract import Work
from edgecompress.compress.structure.equivalence import NarrowingTrial
from edgecompress.compress.structure.groups import ChannelGroup, remove, trace
from edgecompress.compress.structure.macs import costs, macs
from edgecompress.compress.structure.order import floor, order, together
from edgecompress.compress.structure.scoring import score
from edgecompress.compress.structure.search import DENSE, MeasuredRatio, fewest_steps, search
from edgecompress.compress.structure.shapes import load_state
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe


@dataclass(frozen=True)
class Dense:
    """The dense network from which the rounds start.

    Attributes:
        least: how many channels each group keeps at least; groups that are not here are left alone.
        macs: multiply-accumulates of one sample.
        parameters: of the whole network.
        left: the layers whose channels cannot go although the recipe lets them, and why.
    """

    least: Mapping[str, int]
    macs: int
    parameters: int
    left: Mapping[str, str]


class _UnsoundError(Exception):
    """A cut was tried that is none."""

    def __init__(self, left: Mapping[str, str]) -> None:
        super().__init__()
        self.left = left


def dense(module: nn.Module, sample: torch.Tensor, recipe: Recipe) -> Dense:
    """The channels that may go, the multiply-accumulates and the parameters of the dense ``module``.

    Raises:
        InputError: none of its channels may go, or a target of multiply-accumulates cannot be reached; the line says
            what can.
    """
    settings = recipe.structure
    assert settings is not None
    found, left = _removable(module, sample, recipe)
    least = {
        name: floor(group.channels, align=settings.align, layer_limit=settings.layer_limit)
        for name, group in found.items()
    }
    left_alone_note = f"; left alone: {_listed(left)}" if left else ""
    if all(least[name] == group.channels for name, group in found.items()):
        raise InputError(
            "structure: no channel may go; raise structure.layer_limit, lower structure.align, or leave fewer layers "
            f"dense{left_alone_note}"
        )
    whole = macs(module, sample)
    smallest = sum(cost.of(least) for cost in costs(module, sample, found)) / whole
    if settings.macs is not None and smallest > settings.macs:
        raise InputError(
            f"structure.macs = {settings.macs:g} cannot be reached: at least {smallest:.3g} of the "
            f"multiply-accumulates stay; raise it or structure.layer_limit, or lower structure.align{left_alone_note}"
        )
    return Dense(least, whole, parameters(module), left)


def _removable(
    module: nn.Module, sample: torch.Tensor, recipe: Recipe
) -> tuple[dict[str, ChannelGroup], dict[str, str]]:
    """The groups whose channels can be removed, as a trial cut shows, and what is left alone and why."""
    settings = recipe.structure
    assert settings is not None
    traced = trace(module, sample, recipe)
    generator = torch.Generator().manual_seed(0)
    gone = {}
    for name, group in traced.groups.items():
        keep = floor(group.channels, align=settings.align, layer_limit=min(settings.layer_limit, 0.5))
        gone[name] = sorted(torch.randperm(group.channels, generator=generator)[keep:].tolist())
    unsound = NarrowingTrial(module, sample).unsound(traced.groups, gone)
    return {name: traced.groups[name] for name in traced.groups if name not in unsound}, {**traced.left, **unsound}


def _listed(left: Mapping[str, str]) -> str:
    """The layers that are left alone, in one line: their names by the reason."""
    reasons: dict[str, list[str]] = {}
    for name, reason in left.items():
        reasons.setdefault(reason, []).append(f"'{name}'")
    return "; ".join(f"{', '.join(names)} ({reason})" for reason, names in reasons.items())


def cut(module: nn.Module, work: Work, begin: Dense, number: int, before: StructureDetails | None) -> StructureDetails:
    """Remove the channels of round ``number`` from ``module``, in place. Returns what is left and what was measured.

    Args:
        module: as the round before left it.
        work: what the stage gives.
        begin: what the dense network has.
        number: of the round, from 1.
        before: what the rounds before measured; ``None``: there were none.

    Raises:
        InputError: the target of latency cannot be reached; the line says what was measured.
        CheckError: a score is not finite.
    """
    left = dict(begin.left)
    while True:
        try:
            return _cut(module, work, replace(begin, left=left), number, before)
        except _UnsoundError as error:  # each time there are fewer groups
            left |= error.left
            if not begin.least.keys() - left.keys():
                raise InputError(f"structure: no channel may go; left alone: {_listed(left)}") from None


def _cut(module: nn.Module, work: Work, begin: Dense, number: int, before: StructureDetails | None) -> StructureDetails:
    """``cut``, of the groups that are not left alone.

    Raises:
        _UnsoundError: some of these must be left alone too.
    """
    settings, share = work.settings, number / work.settings.rounds
    found = _groups(module, work, begin)
    trial = NarrowingTrial(module, work.sample)
    scores = score(module, found, settings.criterion, work.batches(number), seed=work.recipe.seed, loss=work.loss)
    steps = order(scores, costs(module, work.sample, found), begin.least, align=settings.align)
    remaining = [macs(module, work.sample), *(step.macs for step in steps)]

    def without(count: int) -> State:
        gone = together(steps[:count])
        unsound = trial.unsound(found, gone)
        if unsound:
            raise _UnsoundError(unsound)
        return remove(module, found, gone)

    def measure(count: int) -> MeasuredRatio:
        assert work.latency is not None, "whoever asks for a latency must be able to measure it"
        network = copy.deepcopy(module)
        load_state(network, without(count))
        return work.latency(network)

    latency: dict[str, Any] = {}
    ratio: float | None = None
    if settings.macs is not None:
        count = fewest_steps(remaining, settings.macs**share * begin.macs)
    else:
        assert settings.latency is not None
        smallest = _smallest(before) or measure(len(steps))
        if smallest.high > settings.latency:
            raise InputError(
                f"structure.latency = {settings.latency:g} cannot be reached in {settings.runtime}: the smallest "
                f"network takes {smallest.ratio:.3f} of the dense one's time ({smallest.low:.3f} to "
                f"{smallest.high:.3f}); raise it or structure.layer_limit, or lower structure.align"
            )
        chosen = search(
            remaining,
            settings.latency**share,
            measure,
            now=_now(before) or DENSE,
            smallest=smallest,
            last=number == settings.rounds,
        )
        count, ratio = chosen.steps, chosen.latency.ratio
        latency = {"runtime": settings.runtime, **_written("latency", chosen.latency)}
        latency |= _written("smallest_latency", smallest)
    device = next(module.parameters()).device
    load_state(module, without(count))
    place(module, device)
    after = macs(module, work.sample)
    widths = _groups(module, work, begin).values()
    return StructureDetails(
        criterion=settings.criterion,
        rounds=settings.rounds,
        **latency,
        macs_before=begin.macs,
        macs_after=after,
        parameters_before=begin.parameters,
        parameters_after=parameters(module),
        channels=" ".join(f"{group.name}:{group.channels}" for group in widths),
        measured=(*(before.measured if before else ()), StructureRound(macs=after / begin.macs, latency=ratio)),
        left_alone=_listed(begin.left) if begin.left else None,
    )


def _groups(module: nn.Module, work: Work, begin: Dense) -> dict[str, ChannelGroup]:
    """The groups that are cut, as ``module`` is now."""
    traced = trace(module, work.sample, work.recipe).groups
    return {name: group for name, group in traced.items() if name in begin.least and name not in begin.left}


def parameters(module: nn.Module) -> int:
    """The number of parameters of a network."""
    return sum(parameter.numel() for parameter in module.parameters())


def _written(name: str, latency: MeasuredRatio) -> dict[str, float | str]:
    return {f"{name}_ratio": latency.ratio, f"{name}_low": latency.low, f"{name}_high": latency.high}


def _now(before: StructureDetails | None) -> MeasuredRatio | None:
    """The latency at the end of the round before."""
    if before is None or before.latency_ratio is None:
        return None
    assert before.latency_low is not None
    assert before.latency_high is not None
    return MeasuredRatio(before.latency_ratio, before.latency_low, before.latency_high)


def _smallest(before: StructureDetails | None) -> MeasuredRatio | None:
    """The latency of the smallest network, as the first round measured it."""
    if before is None or before.smallest_latency_ratio is None:
        return None
    assert before.smallest_latency_low is not None
    assert before.smallest_latency_high is not None
    return MeasuredRatio(before.smallest_latency_ratio, before.smallest_latency_low, before.smallest_latency_high)
