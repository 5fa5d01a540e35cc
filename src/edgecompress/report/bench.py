"""A benchmark as a document: a row a file, what only some benchmarks have, the paper's figures, and what follows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edgecompress.bench.records import BenchRecord
from edgecompress.export.kinds import COMPRESSED
from edgecompress.manifest import Manifest
from edgecompress.report import cells
from edgecompress.report.document import Cell, Column, Document, Figure, Table, Value, of_figures, table
from edgecompress.report.document import Row as Line
from edgecompress.report.doubts import of_bench
from edgecompress.report.extras import extras
from edgecompress.report.numbers import mebibytes, milliseconds, of_metric, percent, significant
from edgecompress.report.nutshell import best, changes
from edgecompress.report.table import (
    FileRow,
    against_paper,
    cautions,
    conditions,
    counted,
    failures,
    judged_columns,
    judging,
    leading,
    on_microcontroller,
    rows,
    title,
)

WIDTH = 80
ACCURACY, METRIC = ("accuracy_percent", "drop_points"), ("metric_value", "metric_worse_by")
SIZE = ("file", "bytes", "times_smaller", *ACCURACY, *METRIC, "peak_bytes", "peak_over_import_bytes")
FIRMWARE = ("file", "bytes", "arena_bytes", "accuracy_percent", "p50_ns", "p90_ns")
AGENT = ("times_smaller", "latency_ratio", "verdict", "load_ns", "peak_bytes", "peak_over_import_bytes", "drop_points")
"""The columns of a microcontroller, and those that it has nothing for."""
TIME = ("file", "load_ns", "p50_ns", "p90_ns", "latency_ratio", "verdict")
"""The columns that stand together in a terminal, where all of them are too wide."""


@dataclass(frozen=True)
class _Of:
    """The benchmark that a row is of."""

    record: BenchRecord
    manifest: Manifest


def bench(record: BenchRecord, manifest: Manifest) -> Document:
    """The benchmark as a document whose CSV is a line a file."""
    compared = against_paper(record, manifest)
    more = extras(record)
    kept = f"Weights kept: one in {significant(manifest.ratios.weights)}, the ratio that papers state."
    return of_figures(
        title(record),
        [
            Figure("files", "", "", _files(record, manifest)),
            *(
                Figure(f"extra-{i}", "", " ".join(extra.notes), table(extra.columns, extra.rows))
                for i, extra in enumerate(more)
                if extra.rows
            ),
            *([_paper(*compared)] if compared else []),
        ],
        made=f"Measured {record.created} by edgecompress {record.tool_version}.",
        conclusion=(*changes(record, manifest), *of_bench(record, manifest)),
        first=(
            conditions(record)[0],
            *leading(record, manifest),
            *(line for extra in more if not extra.rows for line in extra.notes),
        ),
        warnings=(*failures(record), *cautions(record)),
        details=(
            *([] if compared else [kept]),
            *conditions(record)[1:],
        ),
        rows_of=("files",),
        width=WIDTH,
    )


def _paper(comparison: Sequence[tuple[str, str, str]], note: str) -> Figure:
    columns = [Column(name, words=not name) for name in ("", "here", "paper")]
    return Figure("paper", "", note, table(columns, [_words(*each) for each in comparison]))


def _files(record: BenchRecord, manifest: Manifest) -> Table:
    taken, of, metric = best(record, manifest), _Of(record, manifest), judging(record)
    micro = on_microcontroller(record)
    left_out = (*(METRIC if metric is None else ACCURACY), *(AGENT if micro else ()))
    headings = dict(zip(METRIC, judged_columns(record, ""), strict=True))

    def column(each: Column) -> Column:
        shown = replace(each, shown=False) if each.id in left_out else each
        if micro and each.id == "arena_bytes":
            shown = replace(each, shown=True)
        return replace(shown, name=headings[each.id]) if each.id in METRIC and metric is not None else shown

    size = tuple(key for key in SIZE if key not in left_out)
    lines = [
        Line(f"file-{i}", tuple(make(row, of) for make in _COLUMNS.values()), stands_out=row.file == taken)
        for i, row in enumerate(rows(record))
    ]
    return Table(
        tuple(column(each) for each in _COLUMNS),
        tuple(lines),
        parts=(FIRMWARE,) if micro else (size,) if counted(record) else (size, TIME),
        mark="to take",
        legend=f"the file to take on {manifest.target.title}: {taken}." if taken else "",
    )


def _words(*texts: str) -> Sequence[Cell]:
    return [cells.words(text) for text in texts]


def _known(key: str, make: Callable[[_Of], Value]) -> dict[Column, Callable[[FileRow, _Of], Cell]]:
    """A column for programs alone, of the benchmark as a whole."""
    return {Column(key, key=key, shown=False): lambda _, of: cells.raw(make(of))}


def _figure(key: str, make: Callable[[FileRow], Value]) -> dict[Column, Callable[[FileRow, _Of], Cell]]:
    """A column for programs alone, of a file."""
    return {Column(key, key=key, shown=False): lambda row, _: cells.raw(make(row))}


_COLUMNS: dict[Column, Callable[[FileRow, _Of], Cell]] = {
    **_known("created", lambda of: of.record.created),
    **_known("taken", lambda of: of.record.taken),
    **_known("device", lambda of: of.record.device.address),
    **_known("is_target", lambda of: of.record.device.is_target),
    **_known("target", lambda of: of.record.bundle.target),
    **_known("model", lambda of: of.record.bundle.model),
    **_known("data", lambda of: of.record.bundle.data),
    Column("weights_ratio", key="weights_ratio", shown=False): lambda row, of: cells.raw(
        of.manifest.ratios.weights if row.kind in COMPRESSED else None
    ),
    **_known("threads", lambda of: of.record.threads),
    **_known("mode", lambda of: of.record.protocol.mode),
    Column("file", words=True): lambda row, _: cells.words(row.file),
    Column("runtime", words=True): lambda row, _: cells.words(row.runtime),
    **_figure("kind", lambda row: row.kind),
    Column("bytes"): lambda row, _: cells.count(row.bytes),
    Column("smaller", key="times_smaller"): lambda row, _: cells.times(row.smaller),
    **_figure("runs", lambda row: row.runs),
    Column("p50", "ms", key="p50_ns"): lambda row, _: Cell(milliseconds(row.p50), row.p50),
    Column("p90", "ms", key="p90_ns"): lambda row, _: Cell(milliseconds(row.p90), row.p90),
    **_figure("p99_ns", lambda row: row.p99),
    Column("p50 / dense (95 % interval)", key="latency_ratio", short="p50/dense (95 %)"): lambda row, _: cells.interval(
        row.ratio
    ),
    **_figure("latency_ratio_low", lambda row: row.ratio.low if row.ratio else None),
    **_figure("latency_ratio_high", lambda row: row.ratio.high if row.ratio else None),
    **_figure("instructions", lambda row: row.instructions),
    **_figure("instructions_ratio", lambda row: row.instructions_ratio),
    Column("verdict", words=True): lambda row, _: Cell(row.verdict, row.ratio.verdict if row.ratio else None),
    Column("load", "ms", key="load_ns"): lambda row, _: Cell(milliseconds(row.load), row.load),
    Column("peak", "MiB", key="peak_bytes"): lambda row, _: Cell(mebibytes(row.peak), row.peak),
    Column("added", "MiB", key="peak_over_import_bytes"): lambda row, _: Cell(
        mebibytes(row.over_import), row.over_import
    ),
    Column("accuracy", "%", key="accuracy_percent"): lambda row, _: Cell(percent(row.accuracy), row.accuracy),
    **_figure("accuracy_samples", lambda row: row.samples),
    Column("drop", "points", key="drop_points", short="drop pt"): lambda row, _: cells.points(row.drop),
    **_figure("largest_difference", lambda row: row.difference),
    **_figure("metric", lambda row: row.metric),
    Column("value", key="metric_value"): lambda row, _: Cell(of_metric(row.value, row.metric or ""), row.value),
    Column("worse by", key="metric_worse_by"): lambda row, _: Cell(of_metric(row.worse, row.metric or ""), row.worse),
    **_figure("energy_mj", lambda row: row.energy),
    **_figure("failures", lambda row: "; ".join(row.failures)),
    **_known("cautions", lambda of: " ".join(cautions(of.record))),
    Column("arena", "bytes", key="arena_bytes", shown=False): lambda row, _: cells.count(row.arena),
}
"""The columns in the order of CSV and of one wide table, each with its cell of a row."""
