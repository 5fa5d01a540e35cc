"""The paper's grid as it was reproduced, in Markdown: every figure from the cells of a study."""

import csv
import io
import statistics
from collections.abc import Iterable, Sequence

from edgecompress.report import paper
from edgecompress.report.numbers import spread
from edgecompress.report.pairs import off_base
from edgecompress.report.paper import DEEP_COMPRESSION, SPATIAL, TEMPORAL, published
from edgecompress.report.questions import answers
from edgecompress.report.seeds import SeedsRow, seeds_rows
from edgecompress.study.grid import DATA, MODELS
from edgecompress.study.records import CellRecord


def reproduction(records: Iterable[CellRecord]) -> str:
    """All sections: the pairs at the paper's ratio, averages beside the paper's, its questions, Deep Compression."""
    found = rows_of(records)
    if not found:
        return "There are no records of a study yet: `edgecompress study paper` makes them."
    base = headline(found)
    sections = [
        "## Each network and data set at 90 % zeros",
        _table(base),
        _missing(base),
        "## Beside the paper's averages",
        _averages(base),
        "## The paper's questions",
    ]
    for answer in answers(base, found):
        sections += [f"### {answer.question}", answer.text]
        sections += [f"![{answer.question}](images/{answer.picture}.svg)"] if answer.picture else []
    sections += ["## Beside Deep Compression", _beside_deep_compression(base)]
    sections += ["## Budgets and data of the rows above", _notes(base)]
    return "\n\n".join(section for section in sections if section)


def cells_csv(records: Iterable[CellRecord]) -> str:
    """A line for each configuration: settings, budget, means over the seeds. Empty where something is not known."""
    head = ["model", "data", "width", "sparsity", "method", "bits", "distilled", "seeds", "epochs", "training_samples"]
    head += ["changes", "baseline_percent", "control_percent", "pruned_percent", "clustered_percent", "drop_points"]
    head += ["drop_low", "drop_high", "drop_from_baseline_points", "weights_ratio", "onnx_ratio", "tflite_ratio"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    for row in rows_of(records):
        cell, budget, drop = row.first.cell, row.outcomes[0].budget, row.drop
        controls = [each.accuracy.control.percent for each in row.outcomes if each.accuracy.control]
        figures = [
            row.mean(lambda each: each.accuracy.baseline.percent),
            statistics.fmean(controls) if row.controlled else None,
            row.mean(lambda each: each.accuracy.pruned.percent),
            row.mean(lambda each: each.accuracy.clustered.percent),
            row.mean(lambda each: each.accuracy.drop) if row.controlled else None,
            *((drop.low, drop.high) if drop else (None, None)),
            row.mean(lambda each: each.accuracy.drop_from_baseline),
            row.mean(lambda each: each.weights_ratio),
            *(row.mean(lambda each, name=name: each.sizes[name].ratio) for name in ("onnx", "tflite")),  # type: ignore[misc]
        ]
        writer.writerow(
            [cell.model, cell.data, f"{cell.width:g}", f"{cell.sparsity:g}", cell.method, cell.bits]
            + ["yes" if cell.distill else "no", len(row.outcomes), "+".join(map(str, budget.epochs.values()))]
            + [budget.training_samples, " ".join(budget.changes)]
            + ["" if each is None else f"{each:.3f}" for each in figures]
        )
    return out.getvalue()


def rows_of(records: Iterable[CellRecord]) -> list[SeedsRow]:
    """The rows of all configurations, by data set and network."""
    return sorted(seeds_rows(records), key=_order)


def headline(rows: Sequence[SeedsRow]) -> list[SeedsRow]:
    """One row for each network and data set at the paper's ratio: with a control, of most seeds, trained longest."""
    chosen: dict[tuple[str, str], SeedsRow] = {}
    for row in sorted(rows, key=_precedence):
        if row.is_base:
            chosen.setdefault(row.pair, row)
    return sorted(chosen.values(), key=_order)


def _precedence(row: SeedsRow) -> tuple[object, ...]:
    return not row.controlled, -len(row.records), -row.outcomes[0].budget.samples_seen, off_base(row.first.cell)


def _order(row: SeedsRow) -> tuple[object, ...]:
    cell = row.first.cell
    places = [
        known.index(name) if name in known else len(known) for known, name in ((DATA, cell.data), (MODELS, cell.model))
    ]
    return (*places, cell.model, cell.data, cell.width, cell.sparsity, cell.method, -cell.bits, cell.distill)


def _averages(base: Sequence[SeedsRow]) -> str:
    lines = [
        "| | pairs with a control | drop from the better of baseline and control | drop from the baseline | all pairs "
        "| their drop from the baseline | weights | the paper's drop | the paper's ratio |",
        "|---" * 9 + "|",
    ]
    gains = []
    for kind in (SPATIAL, TEMPORAL):
        rows = [row for row in base if published(row.pair[1]) == kind]
        if not rows:
            continue
        controlled = [row for row in rows if row.controlled]
        drops = [row.mean(lambda each: each.accuracy.drop) for row in controlled]
        gains.append(paper.gained(kind, drops))
        weights = statistics.fmean(row.mean(lambda each: each.weights_ratio) for row in rows)
        lines.append(
            f"| {kind.kind} | {len(controlled)} | {_average(drops)} | {_average(_from_baseline(controlled))} "
            f"| {len(rows)} | {_average(_from_baseline(rows))} | {weights:.1f}x | {kind.drop} | {kind.ratio:g}x |"
        )
    return "\n\n".join(["\n".join(lines), *filter(None, gains), f"The paper: {paper.CITATION}."])


def _from_baseline(rows: Sequence[SeedsRow]) -> list[float]:
    return [row.mean(lambda each: each.accuracy.drop_from_baseline) for row in rows]


def _average(drops: Sequence[float]) -> str:
    return f"{statistics.fmean(drops):+.2f} points" if drops else "-"


def _missing(base: Sequence[SeedsRow]) -> str:
    there = {row.pair for row in base}
    missing = [f"{model} on {data}" for data in DATA for model in MODELS if (model, data) not in there]
    return f"Not computed, and in no average: {', '.join(missing)}." if missing else ""


def _table(rows: Sequence[SeedsRow]) -> str:
    head = ["network, data", "bits", "seeds", "baseline %", "control %", "compressed %", "drop, points (95 % interval)"]
    head += ["from the baseline", "weights", "ONNX", "TFLite", "`.ecz`", "epochs"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows:
        cell, first = row.first.cell, row.outcomes[0]
        controls = [each.accuracy.control.percent for each in row.outcomes if each.accuracy.control]
        cells = [
            f"{cell.model}, {first.data.name}{f', width {cell.width:g}' if cell.width != 1 else ''}",
            str(cell.bits),
            str(len(row.outcomes)),
            row.spread(lambda each: each.accuracy.baseline.percent),
            spread(controls) if row.controlled else "-",
            row.spread(lambda each: each.accuracy.clustered.percent),
            str(row.drop or "-") if row.controlled else "-",
            f"{row.mean(lambda each: each.accuracy.drop_from_baseline):+.2f}",
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
            f"| {row.mean(lambda each: each.accuracy.drop):+.2f}{'' if row.controlled else ', no control'} |"
        )
    note = (
        f"{paper.DEEP_COMPRESSION_CITATION}. Its networks are larger, their linear layers hold most weights, and its "
        "data are others: the figures stand beside each other, not against each other. No stock runtime loads its "
        "files, nor a container; a runtime loads the ONNX files."
    )
    return "\n".join([*lines, "", note])
