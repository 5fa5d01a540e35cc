"""Markdown: one wide table, for a README or an issue."""

from collections.abc import Sequence

from edgecompress.bench.records import BenchRecord
from edgecompress.manifest import Manifest
from edgecompress.plain import plain
from edgecompress.report.doubts import of_bench
from edgecompress.report.extras import extras
from edgecompress.report.numbers import mebibytes, milliseconds, significant
from edgecompress.report.nutshell import best, changes
from edgecompress.report.table import (
    Row,
    against_paper,
    cautions,
    conditions,
    failures,
    judged_cells,
    judged_columns,
    leading,
    rows,
    title,
)

_COLUMNS = (
    "file",
    "runtime",
    "bytes",
    "smaller",
    "p50 ms",
    "p90 ms",
    "p50 / dense (95 % interval)",
    "verdict",
    "load ms",
    "peak MiB",
    "added MiB",
)


def markdown(record: BenchRecord, manifest: Manifest) -> str:
    """The benchmark as a Markdown section."""
    comparison, note = against_paper(record, manifest)
    more = extras(record)
    parts = [
        f"## {title(record)}",
        _table(
            (*_COLUMNS, *judged_columns(record, ", points")),
            [(*_cells(row, best(record, manifest)), *judged_cells(record, row)) for row in rows(record)],
        ),
        *(_escape(line) for line in (*changes(record, manifest), *of_bench(record, manifest))),
        *(_table(extra.columns, extra.rows) for extra in more if extra.rows),
        _table(("", "here", "paper"), comparison),
        note,
        *(_escape(line) for line in leading(record, manifest)),
    ]
    if lines := [*failures(record), *cautions(record)]:
        parts.append("\n".join(f"- **{_escape(line)}**" for line in lines))
    said = (*conditions(record), *(line for extra in more for line in extra.notes))
    parts.append("\n".join(f"- {_escape(line)}" for line in said))
    parts.append(f"Measured {record.created} by edgecompress {record.tool_version}.")
    return "\n\n".join(parts) + "\n"


def _cells(row: Row, taken: str | None) -> tuple[str, ...]:
    ratio = row.ratio
    return (
        f"**`{row.file}`** (to take)" if row.file == taken else f"`{row.file}`",
        row.runtime,
        f"{row.bytes:,}",
        "-" if row.smaller is None else f"{significant(row.smaller)}x",
        milliseconds(row.p50),
        milliseconds(row.p90),
        "-" if ratio is None else f"{ratio.ratio:.3f} ({ratio.low:.3f} to {ratio.high:.3f})",
        row.verdict,
        milliseconds(row.load),
        mebibytes(row.peak),
        mebibytes(row.over_import),
    )


def _table(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    rules = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(_escape(cell) for cell in line)} |" for line in (header, rules, *body))


def _escape(text: str) -> str:
    """A runtime's words may hold what Markdown reads as a table's border."""
    return plain(text).replace("|", "\\|").replace("\n", " ")
