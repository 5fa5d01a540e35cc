"""The paper's grid as it was reproduced, in Markdown: every figure from the cells of a study."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edgecompress.report import paper
from edgecompress.report.numbers import spread
from edgecompress.report.pairs import off_base
from edgecompress.report.paper import DEEP_COMPRESSION, SPATIAL, TEMPORAL, published
from edgecompress.study.grid import DATA, METHOD, MODELS
from edgecompress.study.records import CellOutcome, CellRecord

BASE = {"sparsity": 0.9, "method": METHOD, "distill": False}
"""What the paper's ratio of 10 asks for; bits are those that the cells have."""


@dataclass(frozen=True)
class SeedsRow:
    """The seeds of one configuration."""

    records: tuple[CellRecord, ...]

    @property
    def outcomes(self) -> list[CellOutcome]:
        """The outcomes of the seeds."""
        return [record.outcome for record in self.records if record.outcome]

    @property
    def first(self) -> CellRecord:
        """The record of the first seed; its cell is that of all but for the seed."""
        return self.records[0]

    @property
    def pair(self) -> tuple[str, str]:
        """The network and the data set."""
        return self.first.cell.model, self.first.cell.data

    @property
    def is_base(self) -> bool:
        """Return whether the row is one of those that are compared with the paper."""
        cell = self.first.cell
        return cell.width == 1 and all(getattr(cell, name) == value for name, value in BASE.items())

    @property
    def container(self) -> str:
        """The mean ratio of the ONNX file's container; a dash where one was not packed."""
        ratios = [each.sizes["onnx"].container_ratio for each in self.outcomes]
        known = [ratio for ratio in ratios if ratio is not None]
        return f"{statistics.fmean(known):.1f}x" if len(known) == len(ratios) else "-"

    def mean(self, figure: Callable[[CellOutcome], float]) -> float:
        """The mean of a figure over the seeds."""
        return statistics.fmean(figure(each) for each in self.outcomes)

    def spread(self, figure: Callable[[CellOutcome], float]) -> str:
        """The mean over the seeds, and the least and the most of them where there are several."""
        return spread([figure(each) for each in self.outcomes])


def reproduction(records: Iterable[CellRecord]) -> str:
    """All sections: averages beside the paper's, the pairs at its ratio, Deep Compression's, all other cells."""
    found = _rows(records)
    if not found:
        return "There are no records of a study yet: `edgecompress study paper` makes them."
    base = _headline(found)
    others = [row for row in found if row not in base]
    sections = [
        _averages(base),
        _missing(base),
        "## Each network and data set at 90 % zeros",
        _table(base),
        _notes(base),
    ]
    sections += ["## Beside Deep Compression", _beside_deep_compression(base)]
    if others:
        sections += ["## The other cells", _table(others, axes=True)]
    return "\n\n".join(section for section in sections if section)


def _rows(records: Iterable[CellRecord]) -> list[SeedsRow]:
    seeds: dict[tuple[object, ...], list[CellRecord]] = {}
    for record in records:
        if record.outcome:
            seeds.setdefault(record.configuration, []).append(record)
    rows = [SeedsRow(tuple(sorted(each, key=lambda record: record.cell.seed))) for each in seeds.values()]
    return sorted(rows, key=_order)


def _headline(rows: Sequence[SeedsRow]) -> list[SeedsRow]:
    """One for each network and data set: of most seeds, then trained longest, then next to the base in its bits."""
    chosen: dict[tuple[str, str], SeedsRow] = {}
    for row in sorted(rows, key=_precedence):
        if row.is_base:
            chosen.setdefault(row.pair, row)
    return sorted(chosen.values(), key=_order)


def _precedence(row: SeedsRow) -> tuple[object, ...]:
    return -len(row.records), -row.outcomes[0].budget.samples_seen, off_base(row.first.cell)


def _order(row: SeedsRow) -> tuple[object, ...]:
    cell = row.first.cell
    places = [
        known.index(name) if name in known else len(known) for known, name in ((DATA, cell.data), (MODELS, cell.model))
    ]
    return (*places, cell.model, cell.data, cell.width, cell.sparsity, cell.method, -cell.bits, cell.distill)


def _averages(base: Sequence[SeedsRow]) -> str:
    lines = ["| | average drop, here | networks and data sets | weights, here | the paper's drop | the paper's ratio |"]
    lines.append("|---" * 6 + "|")
    gains = []
    for kind in (SPATIAL, TEMPORAL):
        rows = [row for row in base if published(row.pair[1]) == kind]
        if not rows:
            continue
        drops = [row.mean(lambda each: each.accuracy.drop) for row in rows]
        gains.append(paper.gained(kind, drops))
        weights = statistics.fmean(row.mean(lambda each: each.weights_ratio) for row in rows)
        lines.append(
            f"| {kind.kind} | {statistics.fmean(drops):+.2f} points | {len(rows)} | {weights:.1f}x | {kind.drop} "
            f"| {kind.ratio:g}x |"
        )
    return "\n\n".join(["\n".join(lines), *filter(None, gains), f"The paper: {paper.CITATION}."])


def _missing(base: Sequence[SeedsRow]) -> str:
    there = {row.pair for row in base}
    missing = [f"{model} on {data}" for data in DATA for model in MODELS if (model, data) not in there]
    return f"Not computed, and in no average: {', '.join(missing)}." if missing else ""


def _table(rows: Sequence[SeedsRow], *, axes: bool = False) -> str:
    head = ["network, data", *(["zeros", "method", "distilled"] if axes else []), "bits", "seeds"]
    head += ["baseline %", "pruned %", "clustered %", "drop, points", "weights", "ONNX", "TFLite", "`.ecz`", "epochs"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows:
        cell, first = row.first.cell, row.outcomes[0]
        width = f", width {cell.width:g}" if cell.width != 1 else ""
        varied = [f"{100 * cell.sparsity:g} %", f"`{cell.method}`", "yes" if cell.distill else "no"] if axes else []
        cells = [f"{cell.model}, {first.data.name}{width}", *varied, str(cell.bits), str(len(row.outcomes))]
        cells += [
            row.spread(lambda each: each.accuracy.baseline.percent),
            row.spread(lambda each: each.accuracy.pruned.percent),
            row.spread(lambda each: each.accuracy.clustered.percent),
            row.spread(lambda each: each.accuracy.drop),
            f"{row.mean(lambda each: each.weights_ratio):.1f}x",
            f"{row.mean(lambda each: each.sizes['onnx'].ratio):.1f}x",
            f"{row.mean(lambda each: each.sizes['tflite'].ratio):.1f}x",
            row.container,
            "+".join(map(str, first.budget.epochs.values())),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _notes(rows: Sequence[SeedsRow]) -> str:
    """The reasons why figures are not the paper's: unofficial data, and budgets that were cut."""
    notes = {f"{o.data.name}: {o.data.note}." for row in rows for o in row.outcomes if not o.data.official}
    for row in rows:
        where, budget = f"{row.pair[0]} on {row.pair[1]}", row.outcomes[0].budget
        if budget.training_samples < budget.training_samples_available:
            part = f"{budget.training_samples:,} of {budget.training_samples_available:,}"
            notes.add(f"{where}: trained on {part} samples.")
        if budget.epochs_scale != 1:
            notes.add(f"{where}: {budget.epochs_scale:g} of the recipe's epochs.")
        if budget.changes:
            notes.add(f"{where}: the recipe with {', '.join(budget.changes)}.")
    return "\n".join(f"- {note}" for note in sorted(notes))


def _beside_deep_compression(base: Sequence[SeedsRow]) -> str:
    head = "| network, data | zeros and shared weights | ONNX file, which a runtime loads | container | drop, points |"
    lines = [head, "|---" * 5 + "|"]
    for each in DEEP_COMPRESSION:
        lines.append(f"| {each.network}, ImageNet, published | {each.shared:g}x | | {each.coded:g}x | 0 |")
    for row in base:
        if row.pair[0] not in ("alexnet", "vgg16bn"):
            continue
        lines.append(
            f"| {row.pair[0]}, {row.outcomes[0].data.name} | | {row.mean(lambda each: each.sizes['onnx'].ratio):.1f}x "
            f"| {row.container} "
            f"| {row.mean(lambda each: each.accuracy.drop):+.2f} |"
        )
    note = (
        f"{paper.DEEP_COMPRESSION_CITATION}. Its networks are larger, their linear layers hold most weights, and its "
        "data are others: the figures stand beside each other, not against each other. No stock runtime loads its "
        "files, nor a container; a runtime loads the ONNX files."
    )
    return "\n".join([*lines, "", note])
