"""One cell of a study: its stages, its files, and the record of what they came to."""

import functools
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx_ir as ir
import torch
from torch import nn

import edgecompress
from edgecompress.compress.checkpoints import State
from edgecompress.compress.context import Context
from edgecompress.compress.device import training_device
from edgecompress.compress.evaluate import outputs
from edgecompress.compress.kept import KeptState
from edgecompress.compress.layers import compressible, named
from edgecompress.compress.stages.contract import Run
from edgecompress.compress.stages.run import run_all
from edgecompress.compress.structure.shapes import load_state
from edgecompress.encode.ledger import Ledger
from edgecompress.errors import EdgecompressError, InputError
from edgecompress.export.kinds import STEMS, Kind
from edgecompress.export.pack import boxed
from edgecompress.export.verified import Reference, write_float
from edgecompress.export.verify import compare_latency
from edgecompress.export.written import written
from edgecompress.formats import find
from edgecompress.formats.contract import Format
from edgecompress.progress import Progress, silent
from edgecompress.recipe import Export, Recipe
from edgecompress.sources import datasets
from edgecompress.sources.built_in import built_in
from edgecompress.sources.data.info import info
from edgecompress.sources.datasets.contract import Dataset
from edgecompress.sources.model import Model
from edgecompress.study.counted import Right, counted
from edgecompress.study.grid import GridPoint
from edgecompress.study.machine import machine
from edgecompress.study.plan import StudyPlan
from edgecompress.study.records import (
    Accuracies,
    CellLatency,
    CellOutcome,
    CellRecord,
    Count,
    Differing,
    Machine,
    Sizes,
    StudyCell,
    StudyLayer,
    TrainingBudget,
)
from edgecompress.study.run import now
from edgecompress.study.stand_in import SHAPES, stand_in
from edgecompress.study.store import StudyStore
from edgecompress.study.subset import subset
from edgecompress.workflows.cell_recipe import budget_digest, cell_of, recipe_of
from edgecompress.workflows.model_files import SAMPLES
from edgecompress.workflows.prepared import context_of, identity_of


def compute(cell: StudyCell, progress: Progress, *, plan: StudyPlan) -> CellRecord:
    """Compute a cell. What goes wrong is in the record, so that the other cells go on."""
    point = GridPoint(cell.model, cell.data, cell.sparsity, cell.method, cell.bits, cell.distill, cell.seed)
    _, digest = cell_of(point, plan)
    here = this_machine()
    outcome, error = None, None
    try:
        outcome = _outcome(cell, recipe_of(point, plan), plan, here, progress)
    except EdgecompressError as expected:
        error = " ".join(str(expected).split())
    except Exception as defect:  # one cell never stops the rest, and its record says what to look for
        error = f"{type(defect).__name__}: {' '.join(str(defect).split())}"
    return CellRecord(
        tool_version=edgecompress.__version__,
        study=plan.study,
        cell=cell,
        recipe_digest=digest,
        state="failed" if error else "done",
        error=error,
        outcome=outcome,
        machine=here,
        taken=now(),
    )


def this_machine() -> Machine:
    """This machine, as PyTorch uses it."""
    gpu = torch.cuda.get_device_name() if training_device().type == "cuda" else None
    return machine(threads=torch.get_num_threads(), gpu=gpu)


def _outcome(cell: StudyCell, chosen: Recipe, plan: StudyPlan, here: Machine, progress: Progress) -> CellOutcome:
    whole = _data(cell.data, plan.data_dir, plan.download, plan.stand_ins, chosen.inputs.resolution)
    data = subset(whole, train=plan.train_samples, judge=plan.judge_samples)
    model = built_in(cell.model, data, width=chosen.width, seed=chosen.seed, checkpoint=None)
    network = model.module
    chosen = named(chosen, network)
    artefacts = StudyStore(plan.artefacts) if plan.artefacts else None
    context = replace(_context(cell, chosen, plan, data, progress), mirror=artefacts)
    made = run_all(network, context, trained=False, control=True)
    assert made.control is not None, "it was asked for"
    states, right = _states(made), {}
    for done, (name, state) in enumerate(states.items()):
        progress("test", done, len(states))
        right[name] = counted(state.path, functools.partial(_right, network, state, data), artefacts)
    progress("export", 0, 1)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="edgecompress-cell-") as folder:
        sizes, latency = _files(model, Path(folder), made, data, chosen.export, plan, here)
    load_state(network, made.last)
    weights = compressible(network, chosen)
    return CellOutcome(
        budget=TrainingBudget(
            epochs={stage.stage: stage.epochs for stage in made.stages},
            epochs_scale=plan.epochs_scale,
            training_samples=len(data.train_x),
            training_samples_available=len(whole.train_x),
            changes=plan.changes,
            recipe=budget_digest(cell.model, cell.data, plan),
        ),
        data=info(data),
        accuracy=_accuracies(right),
        weights_total=sum(weight.numel() for weight in weights.values()),
        weights_kept=sum(int(torch.count_nonzero(weight)) for weight in weights.values()),
        sizes=sizes,
        layers=tuple(_layer(name, weight.detach()) for name, weight in weights.items()),
        latency=latency,
        seconds={
            **{stage.stage: stage.seconds for stage in (*made.control.stages, *made.stages)},
            "export": round(time.monotonic() - started, 1),
        },
        cached=tuple(sorted(made.control.kept | made.kept)),
    )


@functools.lru_cache(maxsize=1)
def _data(name: str, folder: Path | None, download: bool, stand_ins: bool, resolution: int | None) -> Dataset:
    """The data set; a worker's next cell often has the same."""
    try:
        return datasets.load(name, folder, download=download, resolution=resolution, progress=silent)
    except InputError:
        if stand_ins and name in SHAPES:
            return stand_in(name) if resolution is None else datasets.resized(stand_in(name), resolution)
        raise


def _context(cell: StudyCell, chosen: Recipe, plan: StudyPlan, data: Dataset, progress: Progress) -> Context:
    # That of a build, so that both take the stages that the other has finished.
    identity = identity_of(cell.model, data, resolution=chosen.inputs.resolution)
    cut = {"train": plan.train_samples, "judge": plan.judge_samples}
    if any(cut.values()):
        identity["samples"] = cut
    return context_of(chosen, data, identity, cache_dir=plan.cache_dir, progress=progress)


def _states(made: Run) -> dict[str, KeptState]:
    assert made.control is not None, "a cell has one"
    return {"baseline": made.dense, "control": made.control.last, "pruned": made.pruned, "clustered": made.last}


def _right(network: nn.Module, state: State, data: Dataset) -> Right:
    load_state(network, state)
    right: Right = outputs(network, torch.from_numpy(data.test_x)).argmax(1).numpy() == data.test_y
    return right


def _accuracies(right: Mapping[str, Right]) -> Accuracies:
    """The accuracies of all states, by their names, and the samples on which the last differs from dense ones."""
    counts = {name: Count(correct=int(np.count_nonzero(each)), total=len(each)) for name, each in right.items()}
    last = right["clustered"]
    differing = {
        f"from_{name}": Differing(
            lost=int(np.count_nonzero(right[name] & ~last)), won=int(np.count_nonzero(last & ~right[name]))
        )
        for name in ("baseline", "control")
    }
    return Accuracies(**counts, **differing)


def _layer(name: str, weight: torch.Tensor) -> StudyLayer:
    nonzero = weight[weight != 0]
    distinct = int(torch.unique(nonzero).numel())
    bits = max(0, distinct - 1).bit_length()
    return StudyLayer(name=name, weights=weight.numel(), kept=nonzero.numel(), distinct=distinct, bits=bits)


def _files(
    source: Model,
    folder: Path,
    made: Run,
    data: Dataset,
    settings: Export,
    plan: StudyPlan,
    here: Machine,
) -> tuple[dict[str, Sizes], tuple[CellLatency, ...]]:
    """Write both networks in each format, and the containers, and prove the files where the plan says so."""
    x = data.test_x[:SAMPLES]
    formats = find.of_profiles()
    ledgers: dict[tuple[Kind, str], Ledger] = {}
    states: dict[Kind, State] = {"dense": made.dense, "compressed": made.last}
    for kind, state in states.items():
        load_state(source.module, state)
        against = Reference(x, outputs(source.module, torch.from_numpy(x)).numpy(), None) if plan.prove else None
        graph = source.graph(source.module)
        for each in formats:
            path = folder / f"{STEMS[kind]}.{each.name}"
            ledgers[kind, each.name] = _written(graph, path, each, settings, against, compress=kind == "compressed")
    sizes = {each.name: _sizes(folder, each, ledgers) for each in formats}
    return sizes, tuple(_latency(folder, each, here) for each in formats) if plan.prove else ()


def _written(
    graph: ir.Model, path: Path, how: Format, settings: Export, against: Reference | None, *, compress: bool
) -> Ledger:
    """Write a file as a build does; where there is nothing to hold it against, it is not proved."""
    if against is None:
        return written(graph, path, how, settings, compress=compress).ledger
    return write_float(graph, path, how, settings, against, compress=compress).ledger


def _sizes(folder: Path, how: Format, ledgers: Mapping[tuple[Kind, str], Ledger]) -> Sizes:
    compressed = ledgers["compressed", how.name]
    return Sizes(
        runtime=how.runtime,
        dense=ledgers["dense", how.name].file_bytes,
        compressed=compressed.file_bytes,
        container=boxed(folder / f"{STEMS['compressed']}.{how.name}").stat().st_size,
        entropy_bound=compressed.entropy_bytes,
    )


def _latency(folder: Path, kind: Format, here: Machine) -> CellLatency:
    """Measured and not judged: other cells may be computed at the same time."""
    paths = [folder / f"{STEMS[each]}.{kind.name}" for each in ("compressed", "dense")]
    found = compare_latency(paths[0], paths[1], layout=kind.layout, limit=None)
    return CellLatency(
        runtime=kind.runtime,
        ratio=found.ratio,
        low=found.low,
        high=found.high,
        threads=found.threads,
        how="emulated" if here.emulated else "measured",
        where=here.cpu or here.machine,
    )
