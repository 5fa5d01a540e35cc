"""A network on a data set, compressed: what the paper says of it, what was reproduced, and what the device says."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edgecompress.manifest import Accuracy, DataInfo, Manifest
from edgecompress.report import paper
from edgecompress.report.document import Taken
from edgecompress.report.found import Bench, FoundBundle, FoundRecords, RecordSource, how_taken
from edgecompress.report.table import rows
from edgecompress.study.grid import BITS, METHOD
from edgecompress.study.records import CellOutcome, CellRecord, StudyCell

HOST = "host"  # the profile of whatever machine builds
NEAR = 0.95
"""A pair that keeps no more than one weight in this many times the paper's ratio is compared with the paper."""


@dataclass(frozen=True)
class OnDevice:
    """The figures of a pair on a device, or on a cell's machine. Accuracy is in points, latency a ratio."""

    where: str
    drop: float | None
    latency: float | None
    taken: Taken
    is_board: bool = False  # whether it is the board that the files are for, and not the machine that built them


@dataclass(frozen=True)
class Pair:
    """One configuration. Accuracies are in percent of the test set, means over the seeds."""

    name: str
    model: str
    data: str
    seeds: int
    dense: float
    pruned: float | None
    compressed: float
    drops: tuple[float, ...]  # a seed each
    weights: float  # prunable weights over those kept
    files: Mapping[str, float]  # by format: bytes of the dense file over those of the compressed one
    device: OnDevice | None
    reasons: tuple[str, ...]  # why its figures need not be the paper's
    records: tuple[str, ...]
    samples: int  # of the test set
    classes: int  # of the data
    onnx: tuple[int, int] | None  # bytes of the dense and of the compressed ONNX file; ``None``: there are not both
    samples_seen: int  # in training, each counted once an epoch
    taken: Taken = "measured"
    cell: StudyCell | None = None  # of a study, but for the seed; ``None``: a bundle
    recipe: str | None = None  # digest of what cells of one study share; ``None``: a bundle, or not recorded
    controlled: bool = False  # whether the dense network was trained for as long as the compressed one

    @property
    def drop(self) -> float:
        """Points of accuracy lost, the mean of the seeds."""
        return statistics.fmean(self.drops)

    @property
    def published(self) -> paper.PaperFigures | None:
        """The paper's figures for this kind of data."""
        return paper.published(self.data)

    @property
    def deviation(self) -> float | None:
        """Points lost beyond the paper's figure; negative: fewer. ``None``: not comparable."""
        if self.published is None or self.weights < NEAR * self.published.ratio:
            return None
        return self.drop - self.published.points


def pairs(found: FoundRecords) -> list[Pair]:
    """All of them, by data set and network: the largest test set first, weaker compression first."""
    measured: dict[str, list[Bench]] = {}
    for bench in found.benches:
        if bench.bundle:
            measured.setdefault(bench.bundle.source.id, []).append(bench)
    every = [
        _of_bundle(bundle, bundle.manifest.accuracy, measured.get(bundle.source.id, ()))
        for bundle in found.bundles
        if bundle.manifest.accuracy
    ]
    seeds: dict[tuple[object, ...], list[tuple[RecordSource, CellRecord]]] = {}
    for source, record in found.cells:
        if record.outcome:
            seeds.setdefault(record.configuration, []).append((source, record))
    every += [_of_cells(cells) for cells in seeds.values()]
    names = Counter(pair.name for pair in every)
    # The same configuration at two budgets: a record tells them apart.
    every = [replace(pair, name=f"{pair.name} ({pair.records[0]})") if names[pair.name] > 1 else pair for pair in every]
    return sorted(every, key=lambda pair: (-pair.samples, pair.data.lower(), pair.model, pair.weights))


def headline(every: Sequence[Pair]) -> list[Pair]:
    """The configuration of each network and data set next to the paper's ratio, from ``NEAR`` times that upwards.

    Of several at the same ratio, to a tenth, it is one that has a control, then the one of most seeds, then the one
    trained longest, then the one next to a study's base: never the one that lost least.
    """
    chosen: dict[tuple[str, str], Pair] = {}
    for pair in sorted(every, key=_precedence):
        if pair.deviation is not None:
            chosen.setdefault((pair.model, pair.data), pair)
    return [pair for pair in every if chosen.get((pair.model, pair.data)) is pair]


def _precedence(pair: Pair) -> tuple[object, ...]:
    off = off_base(pair.cell) if pair.cell else ()
    return round(pair.weights, 1), not pair.controlled, -pair.seeds, -pair.samples_seen, off


def off_base(cell: StudyCell) -> tuple[bool, bool, int]:
    """The distance of a cell from the base of its grid, in the settings that the paper's ratio leaves open."""
    bits = BITS.index(cell.bits) if cell.bits in BITS else len(BITS)
    return cell.method != METHOD, cell.distill, bits


def _of_bundle(bundle: FoundBundle, accuracy: Accuracy, benches: Sequence[Bench]) -> Pair:
    manifest = bundle.manifest
    epochs = "+".join(str(stage.epochs) for stage in manifest.stages)
    stages = ", ".join(stage.stage for stage in manifest.stages)
    reasons = [*_data_reasons(manifest.data), f"{epochs} epochs ({stages})"]
    if manifest.model.width != 1:
        reasons.insert(0, f"width {manifest.model.width:g}")
    if manifest.ratios.macs is not None:
        reasons.insert(0, f"channels removed: {1 / manifest.ratios.macs:.0%} of the arithmetic left")
    # The board's own figures before another machine's, the newest of each.
    measured = sorted(benches, key=lambda bench: (bench.record.device.is_target, bench.record.created))
    last = measured[-1:]
    return Pair(
        name=bundle.label,
        model=manifest.model.name,
        data=manifest.data.name,
        seeds=1,
        dense=accuracy.dense,
        pruned=None,
        compressed=accuracy.compressed,
        drops=(accuracy.dense - accuracy.compressed,),
        weights=manifest.ratios.weights,
        files=manifest.ratios.files,
        device=_on_device(last[0]) if last else None,
        reasons=tuple(reasons),
        records=(bundle.source.id, *(bench.source.id for bench in last)),
        samples=accuracy.samples,
        classes=len(manifest.data.classes),
        onnx=_onnx(manifest),
        samples_seen=manifest.data.train * sum(stage.epochs for stage in manifest.stages),
    )


def _onnx(manifest: Manifest) -> tuple[int, int] | None:
    found = {each.kind: each.bytes for name, each in manifest.models.items() if name.endswith(".onnx")}
    return _both(found.get("dense"), found.get("compressed"))


def _onnx_of_cells(outcomes: Sequence[CellOutcome]) -> tuple[int, int] | None:
    sizes = [outcome.sizes["onnx"] for outcome in outcomes if "onnx" in outcome.sizes]
    if not sizes:
        return None
    mean = statistics.fmean
    return _both(round(mean(each.dense for each in sizes)), round(mean(each.compressed for each in sizes)))


def _both(dense: int | None, compressed: int | None) -> tuple[int, int] | None:
    return (dense, compressed) if dense and compressed else None


def _on_device(bench: Bench) -> OnDevice | None:
    for row in rows(bench.record):
        if row.kind == "compressed":
            ratio = row.ratio.ratio if row.ratio else None
            where = f"{bench.machine}, {row.file}"
            is_board = bench.record.device.is_target and bench.record.bundle.target != HOST
            return OnDevice(where, row.drop, ratio, bench.record.taken, is_board)
    return None


def _of_cells(cells: Sequence[tuple[RecordSource, CellRecord]]) -> Pair:
    """The seeds of one configuration."""
    outcomes = [record.outcome for _, record in cells if record.outcome]
    first, cell = outcomes[0], cells[0][1].cell
    budget = first.budget
    reasons = [*_data_reasons(first.data)]
    if cell.width != 1:
        reasons.append(f"width {cell.width:g}")
    if budget.epochs_scale != 1:
        reasons.append(f"{budget.epochs_scale:g} of the recipe's epochs")
    if budget.training_samples < budget.training_samples_available:
        reasons.append(f"{budget.training_samples:,} of {budget.training_samples_available:,} training samples")
    if budget.changes:
        reasons.append(f"the recipe with {', '.join(budget.changes)}")
    reasons.append(f"{'+'.join(map(str, budget.epochs.values()))} epochs ({', '.join(budget.epochs)})")
    controlled = all(outcome.accuracy.control for outcome in outcomes)
    if not controlled:
        reasons.append("no control: the dense network was trained for the first of these alone")
    latency = next((each for each in first.latency if each.how != "emulated"), None)
    device = None
    if latency:
        device = OnDevice(f"{latency.where}, {latency.runtime}", None, latency.ratio, latency.how)
    accuracies = [outcome.accuracy for outcome in outcomes]
    configuration = f"{cell.method}, {cell.bits} bits{', distilled' if cell.distill else ''}"
    mean = statistics.fmean
    return Pair(
        name=f"{cell.model}, {first.data.name}, {100 * cell.sparsity:g} % pruned, {configuration}",
        model=cell.model,
        data=first.data.name,
        seeds=len(outcomes),
        dense=mean(each.dense.percent for each in accuracies),
        pruned=mean(each.pruned.percent for each in accuracies),
        compressed=mean(each.clustered.percent for each in accuracies),
        drops=tuple(each.drop for each in accuracies),
        weights=mean(outcome.weights_ratio for outcome in outcomes),
        files={name: mean(outcome.sizes[name].ratio for outcome in outcomes) for name in first.sizes},
        device=device,
        reasons=tuple(reasons),
        records=tuple(source.id for source, _ in cells),
        samples=first.accuracy.baseline.total,
        classes=len(first.data.classes),
        onnx=_onnx_of_cells(outcomes),
        samples_seen=budget.samples_seen,
        taken=how_taken(cells[0][1]),
        cell=cell,
        recipe=budget.recipe,
        controlled=controlled,
    )


def _data_reasons(data: DataInfo) -> list[str]:
    return [] if data.official else [f"rebuilt data: {data.note}" if data.note else "rebuilt data"]
