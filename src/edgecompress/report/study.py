"""A study as a table in the terminal."""

from collections.abc import Sequence

from rich.table import Table

from edgecompress.report import cells
from edgecompress.report.console import console
from edgecompress.report.numbers import percent
from edgecompress.study.records import CellRecord, StudyIndex

MOST_LINES = 5


def study(index: StudyIndex, records: Sequence[CellRecord]) -> None:
    """Print a row for each cell that is done, then what failed and what was left out."""
    printer = console()
    printer.print(_table(records))
    states = {state: [each for each in index.cells if each.state == state] for state in ("failed", "left out")}
    for entry in states["failed"]:
        printer.print(f"failed: {entry.cell.name}: {entry.error}", markup=False)
    left = states["left out"]
    if left:
        named = ", ".join(entry.cell.name for entry in left[:MOST_LINES])
        more = f", and {len(left) - MOST_LINES} more" if len(left) > MOST_LINES else ""
        budget = "" if index.budget_minutes is None else f" in {index.budget_minutes:g} minutes"
        printer.print(f"left out{budget}, {len(left)} of {len(index.cells)} cells: {named}{more}", markup=False)


def _table(records: Sequence[CellRecord]) -> Table:
    table = Table(title="test accuracy in %; ratios to the dense ONNX file", box=None, pad_edge=False)
    table.add_column("model, data")
    for column in ("zeros", "method", "bits", "distilled", "seed", "baseline", "pruned", "clustered", "drop"):
        table.add_column(column, justify="right")
    for column in ("weights", "ONNX", "container"):
        table.add_column(column, justify="right")
    for record in records:
        cell, found = record.cell, record.outcome
        if found is None:
            continue
        accuracy, sizes = found.accuracy, found.sizes["onnx"]
        table.add_row(
            f"{cell.model}, {found.data.name}",
            f"{100 * cell.sparsity:g} %",
            cell.method,
            str(cell.bits),
            "yes" if cell.distill else "no",
            str(cell.seed),
            *(percent(each.percent) for each in (accuracy.baseline, accuracy.pruned, accuracy.clustered)),
            f"{accuracy.drop:+.2f}",
            *(cells.times(ratio).text for ratio in (found.weights_ratio, sizes.ratio, sizes.container_ratio)),
        )
    return table
