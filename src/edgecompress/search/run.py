"""The search: the recipe itself, the scan, the trials, and the full stages of the most promising ones."""

from collections.abc import Callable, Sequence
from math import log2
from pathlib import Path

import onnx_ir as ir
import torch
from torch import nn

from edgecompress.compress.checkpoints import State
from edgecompress.compress.context import Context
from edgecompress.compress.record import structured
from edgecompress.compress.stages.contract import Run
from edgecompress.compress.stages.order import order
from edgecompress.compress.stages.prune import Prune
from edgecompress.compress.stages.run import begin, check, go_on
from edgecompress.compress.stages.training import WAITING
from edgecompress.compress.structure.shapes import load_state
from edgecompress.errors import InputError
from edgecompress.lock import held
from edgecompress.recipe import Recipe
from edgecompress.search.allocation import Allocation, LayerPlace
from edgecompress.search.candidates import candidate, run_candidates
from edgecompress.search.curves import curve
from edgecompress.search.front import front
from edgecompress.search.journal import TrialJournal
from edgecompress.search.ledger import TrialLedger
from edgecompress.search.limits import Limits
from edgecompress.search.records import RemovedChannels, SearchRecord, Sensitivity
from edgecompress.search.scan import scan
from edgecompress.search.searchable import Searchable, searchable
from edgecompress.search.space import Space, space
from edgecompress.search.trial import TrialSubject
from edgecompress.search.trials import run_trials


def search(
    network: nn.Module,
    context: Context,
    limits: Limits,
    *,
    trained: bool,
    graph: Callable[[nn.Module], ir.Model],
    path: Path,
    empty: SearchRecord,
    storage: str | None = None,
    helps: bool = False,
) -> SearchRecord:
    """Search for the sparsity and bits of each layer that make the smallest file within ``limits``.

    The baseline and all that runs through the full stages is kept in the context's folder, as a build keeps it.

    Args:
        network: fresh, or with the weights that are given; in any state afterwards.
        context: of the stages, with the recipe to start from.
        limits: what is asked for.
        trained: whether its weights are given.
        graph: makes the ONNX graph of the network with the weights that it has when asked.
        path: the file in which the record is kept; an interrupted search goes on from what is there.
        empty: the record to begin with.
        storage: where the trials are kept, for other workers too: a database's URL or a journal file's path. ``None``:
            a journal file beside ``path``.
        helps: whether this is a worker of another search of the same: it takes trials until there are none.

    Raises:
        InputError: the recipe does not fit the network, or leaves nothing to search.
        CheckError: training the recipe itself, or a candidate, diverged.
    """
    if not searchable(network, context.recipe):
        raise InputError("the recipe leaves no layer to search: all are dense; remove that from its layers")
    stages = order(context.recipe, trained=trained)
    check(network, context, stages)
    pruning = [stage.name for stage in stages].index(Prune.name)
    baseline = go_on(network, begin(context), stages[:1])
    unpruned = go_on(network, baseline, stages[1:pruning])
    made = go_on(network, unpruned, stages[pruning:])
    subject = TrialSubject(network, baseline, unpruned, graph)
    own = candidate(subject, made, limits, None)
    journal = TrialJournal(path, empty)
    load_state(network, unpruned.last)
    layers = searchable(network, context.recipe)
    with held(path.with_suffix(".lock"), lambda: context.progress("scan", 0, 1, WAITING)):
        journal.reload()
        journal.keep(dense_accuracy=subject.dense_accuracy, candidates=[own], front=[], chosen=None)
        if context.recipe.structure and journal.record.channels is None:
            journal.keep(channels=_channels(network, context, made))
        _scan(subject, layers, journal)
    shares = allocation(layers, context.recipe, made.last)
    where = _space(shares, journal.record.sensitivities, own.bytes, limits)
    ledger = TrialLedger(storage or str(path.with_suffix(".journal")), path.stem)
    trials = run_trials(subject, where, own, limits, ledger, lambda kept: journal.keep(trials=kept))
    best = front(trials)
    journal.keep(front=[trial.number for trial in best])
    if helps:
        return journal.record
    found = [own, *run_candidates(subject, best, own, limits, limits.drop_of_trials(trials, own))]
    holding = [place for place, each in enumerate(found) if each.holds]
    chosen = min(holding, key=lambda place: (found[place].bytes, place), default=None)
    journal.keep(candidates=found, chosen=chosen)
    return journal.record


def _channels(network: nn.Module, context: Context, made: Run) -> RemovedChannels:
    """Measure the network without the channels that are gone."""
    assert context.recipe.structure is not None
    assert context.latency is not None
    removed = structured(made.stages)
    assert removed is not None
    context.progress("latency", 0, 1, "measuring what is left of the network")
    found = context.latency(network)
    return RemovedChannels(
        macs=removed.macs_after / removed.macs_before,
        ratio=found.ratio,
        low=found.low,
        high=found.high,
        runtime=context.recipe.structure.runtime,
    )


def _scan(subject: TrialSubject, layers: Sequence[Searchable], journal: TrialJournal) -> None:
    def kept(found: Sensitivity) -> None:
        journal.keep(sensitivities=[*journal.record.sensitivities, found])

    load_state(subject.network, subject.unpruned.last)
    found = scan(subject.network, subject.context, layers, journal.record.sensitivities, kept)
    journal.keep(sensitivities=found)


def allocation(layers: Sequence[Searchable], recipe: Recipe, state: State) -> Allocation:
    """The densities that the network has in ``state``, and the bits that the recipe gives its layers."""
    places = []
    for layer in layers:
        density = max(1, int(torch.count_nonzero(state[layer.parameter]))) / layer.weights
        places.append(LayerPlace(log2(density), recipe.layer(layer.name).bits or recipe.cluster.bits))
    return Allocation(tuple(layers), tuple(places))


def _space(own: Allocation, found: Sequence[Sensitivity], file_bytes: int, limits: Limits) -> Space:
    # What a file takes beside its weights, and what the estimate of these is off, stays about the same.
    beside = file_bytes - own.bytes()
    budget = limits.size_budget
    curves = {layer.name: curve(layer, found) for layer in own.layers}
    return space(own, curves, allowed=None if budget is None else budget - beside)
