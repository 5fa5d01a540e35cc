"""Terminal: tables that fit 80 columns, in plain text, so that they read the same when piped."""

from rich.table import Table

from edgecompress.bench.records import BenchRecord
from edgecompress.manifest import Manifest
from edgecompress.report.console import text_console
from edgecompress.report.doubts import of_bench
from edgecompress.report.extras import Extra, extras
from edgecompress.report.numbers import mebibytes, milliseconds, significant
from edgecompress.report.nutshell import best, changes
from edgecompress.report.table import (
    Row,
    against_paper,
    cautions,
    conditions,
    counted,
    failures,
    judged_cells,
    judged_columns,
    leading,
    rows,
    title,
)

WIDTH = 80
MARK = "*"  # of the file to take


def terminal(record: BenchRecord, manifest: Manifest) -> str:
    """The benchmark as text of at most 80 columns."""
    every, taken = rows(record), best(record, manifest)
    console, stream = text_console(WIDTH)
    console.print(f"{title(record)}\n")
    comparison, note = against_paper(record, manifest)
    more = extras(record)
    extra_tables = [_filled(extra) for extra in more if extra.rows]
    times = [] if counted(record) else [_time(every, taken)]
    for table in (_size(record, every, taken), *times, *extra_tables, _paper(comparison)):
        console.print(table)
        console.print()
    console.print(f"{note}\n")
    for line in leading(record, manifest):
        console.print(line)
    for line in (*failures(record), *cautions(record)):
        console.print(f"! {line}")
    for line in (*conditions(record), *(line for extra in more for line in extra.notes)):
        console.print(line)
    end = [*changes(record, manifest), *of_bench(record, manifest)]
    for line in ["", f"{MARK} the file to take on {manifest.target.title}: {taken}.", *end] if taken else end:
        console.print(line)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i else "left", overflow="fold")
    return table


def _name(row: Row, taken: str | None) -> str:
    return f"{row.file}{MARK}" if row.file == taken else row.file


def _filled(extra: Extra) -> Table:
    table = _table(*extra.columns)
    for line in extra.rows:
        table.add_row(*line)
    return table


def _size(record: BenchRecord, every: list[Row], taken: str | None) -> Table:
    table = _table("file", "bytes", "smaller", *judged_columns(record, " pt"), "peak MiB", "added MiB")
    for row in every:
        table.add_row(
            _name(row, taken),
            f"{row.bytes:,}",
            "-" if row.smaller is None else f"{significant(row.smaller)}x",
            *judged_cells(record, row),
            mebibytes(row.peak),
            mebibytes(row.over_import),
        )
    return table


def _time(every: list[Row], taken: str | None) -> Table:
    table = _table("file", "load ms", "p50 ms", "p90 ms", "p50/dense (95 %)", "verdict")
    for row in every:
        ratio = row.ratio
        table.add_row(
            _name(row, taken),
            milliseconds(row.load),
            milliseconds(row.p50),
            milliseconds(row.p90),
            "-" if ratio is None else f"{ratio.ratio:.3f} ({ratio.low:.3f}-{ratio.high:.3f})",
            row.verdict,
        )
    return table


def _paper(comparison: list[tuple[str, str, str]]) -> Table:
    table = _table("", "here", "paper")
    for line in comparison:
        table.add_row(*line)
    return table
