"""A study as a document."""

from collections.abc import Sequence

from edgecompress.report import cells
from edgecompress.report.document import Cell, Column, Document, Figure, Table, of_figures, table
from edgecompress.study.records import CellRecord, StudyIndex

MOST_LINES = 5
ACCURACIES = ("baseline", "control", "pruned", "clustered")


def study(index: StudyIndex, records: Sequence[CellRecord]) -> Document:
    """A row for each cell that is done, then what failed and what was left out."""
    states = {state: [each for each in index.cells if each.state == state] for state in ("failed", "left out")}
    warnings = [f"failed: {entry.cell.name}: {entry.error}" for entry in states["failed"]]
    left = states["left out"]
    if left:
        named = ", ".join(entry.cell.name for entry in left[:MOST_LINES])
        more = f", and {len(left) - MOST_LINES} more" if len(left) > MOST_LINES else ""
        budget = "" if index.budget_minutes is None else f" in {index.budget_minutes:g} minutes"
        warnings.append(f"left out{budget}, {len(left)} of {len(index.cells)} cells: {named}{more}")
    title = "test accuracy in %; drop from the better of baseline and control; ratios to the dense ONNX file"
    figure = Figure("cells", title, "", _table(records))
    return of_figures(f"Study {index.study}", [figure], warnings=tuple(warnings), rows_of=("cells",), titled=False)


def _table(records: Sequence[CellRecord]) -> Table:
    columns = (
        Column("model, data", words=True, key="model_data"),
        Column("zeros", "%", key="zeros_percent"),
        *(Column(name, words=True) for name in ("method", "bits", "distilled", "seed")),
        *(Column(name, "%", short=name, key=f"{name}_percent") for name in ACCURACIES),
        Column("drop", "points", short="drop", key="drop_points"),
        *(Column(name, key=f"{name.lower()}_ratio") for name in ("weights", "ONNX", "container")),
    )
    lines = []
    for record in records:
        cell, found = record.cell, record.outcome
        if found is None:
            continue
        accuracy, sizes = found.accuracy, found.sizes["onnx"]
        line = (
            cells.words(f"{cell.model}, {found.data.name}"),
            Cell(f"{100 * cell.sparsity:g}", 100 * cell.sparsity),
            cells.words(cell.method),
            Cell(str(cell.bits), cell.bits),
            cells.words("yes" if cell.distill else "no"),
            Cell(str(cell.seed), cell.seed),
            *(
                cells.points(each.percent if each else None)
                for each in (getattr(accuracy, name) for name in ACCURACIES)
            ),
            Cell(f"{accuracy.drop:+.2f}", accuracy.drop),
            *(
                Cell(cells.NONE if ratio is None else f"{ratio:.1f}x", ratio)
                for ratio in (found.weights_ratio, sizes.ratio, sizes.container_ratio)
            ),
        )
        lines.append(line)
    return table(columns, lines)
