"""One bundle on several devices, as one table."""

from collections.abc import Mapping

from rich.table import Table

from edgecompress.bench.records import BenchRecord
from edgecompress.report.console import text_console
from edgecompress.report.numbers import mebibytes, milliseconds
from edgecompress.report.table import cautions, failures, judged_cells, judged_columns, rows

WIDTH = 100


def by_device(records: Mapping[str, BenchRecord], failed: Mapping[str, str]) -> str:
    """A row a device and file, the devices in the order given; then what must be said of each, and what failed."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    judged = next((judged_columns(record, "")[0] for record in records.values()), "accuracy %")
    columns = ("device", "file", "p50 ms", "p90 ms", "p50/dense (95 %)", "verdict", "load ms", "peak MiB", judged)
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i > 1 else "left", overflow="fold")
    notes = []
    for name, record in records.items():
        for row in rows(record):
            ratio = row.ratio
            table.add_row(
                name,
                row.file,
                milliseconds(row.p50),
                milliseconds(row.p90),
                "-" if ratio is None else f"{ratio.ratio:.3f} ({ratio.low:.3f}-{ratio.high:.3f})",
                row.verdict,
                milliseconds(row.load),
                mebibytes(row.peak),
                judged_cells(record, row)[0],
            )
        notes += [f"! {name}: {line}" for line in (*failures(record), *cautions(record))]
    notes += [f"! {name} failed: {line}" for name, line in failed.items()]
    console, stream = text_console(WIDTH)
    console.print(table)
    console.print()
    for note in notes:
        console.print(note)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"
