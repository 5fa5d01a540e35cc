"""The latency of an inference: the whole distribution of each file, not its median alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgecompress.report import cells, charts
from edgecompress.report.document import Chart, Column, Figure, Row, Section, Table
from edgecompress.report.found import Bench, FoundRecords
from edgecompress.report.numbers import milliseconds
from edgecompress.report.table import cautions, conditions, failures, judging, rows

STEPS = 100
KINDS = ("dense", "compressed", "int8", "dense-int8", "float16")


def latency(found: FoundRecords) -> Section | None:
    """A figure for each benchmark. Of an emulated machine there are no times: they are no device's."""
    figures = [_figure(f"latency-{i}", bench) for i, bench in enumerate(found.benches)]
    about = (
        "Times of batch-1 inference: the runtime's own call, from an input array to an output array. Files of one "
        "runtime took turns. The ratio is that of the rounds, each with both files; in records that say no method, of "
        "both medians. Its 95 % interval is over processes, where there are several."
    )
    return Section("latency", "Latency", about, tuple(figures)) if figures else None


def _figure(key: str, bench: Bench) -> Figure:
    record, metric = bench.record, judging(bench.record)
    columns = (
        Column("file", words=True),
        Column("runtime", words=True),
        Column("runs"),
        Column("p50", "ms"),
        Column("p90", "ms"),
        Column("p99", "ms"),
        Column("p50 / dense"),
        Column("95 % interval", words=True),
        Column("verdict", words=True),
        Column("load", "ms"),
        Column("peak memory", "MiB"),
        Column("accuracy", "%") if metric is None else Column(metric.name),
    )
    lines: list[Row] = []
    curves: list[dict[str, Any]] = []
    for line in rows(record):
        ratio, file = line.ratio, record.files[line.file]
        row = Row(
            key=f"{key}-{len(lines)}",
            cells=(
                cells.words(line.file),
                cells.words(line.runtime),
                cells.count(line.runs),
                cells.time(line.p50),
                cells.time(line.p90),
                cells.time(line.p99),
                cells.number(ratio.ratio if ratio else None, 3),
                cells.words(f"{ratio.low:.3f} to {ratio.high:.3f}" if ratio else None),
                cells.words(line.verdict),
                cells.time(line.load),
                cells.memory(line.peak),
                cells.points(line.accuracy) if metric is None else cells.of_metric(line.value, metric.name),
            ),
            taken=record.taken,
            records=(bench.source.id,),
        )
        lines.append(row)
        if file.latency and line.p50 is not None:
            curves += _curve(row, line.file, file.runtime, line.kind, file.latency.samples_ns)
    caption = (
        f"{bench.label}: latency {record.taken} on {bench.machine}, {record.threads} "
        f"{'thread' if record.threads == 1 else 'threads'}, mode {record.protocol.mode}"
        + (". The curves are cut where the slowest file's 99th percentile is." if curves else ".")
    )
    return Figure(
        key,
        f"{bench.label}, {record.device.address}, {record.created[:10]}",
        caption,
        Table(columns, tuple(lines)),
        (_chart(curves),) if curves else (),
        (*failures(record), *cautions(record)),
        tuple(conditions(record)),
    )


def _curve(row: Row, file: str, runtime: str, kind: str, samples: Sequence[int]) -> list[dict[str, Any]]:
    """The cumulative distribution of a file, at each whole percent up to 99."""
    shares = range(STEPS)
    values = np.percentile(np.asarray(samples, dtype=np.float64), list(shares)) / 1e6
    return [
        {
            "file": file,
            "runtime": runtime,
            "kind": kind,
            "share": share,
            "ms": float(value),
            "description": charts.description(
                row, f"{file}: {share} % of the runs take at most {milliseconds(value * 1e6)} ms"
            ),
        }
        for share, value in zip(shares, values, strict=True)
    ]


def _chart(curves: Sequence[dict[str, Any]]) -> Chart:
    runtimes = list(dict.fromkeys(each["runtime"] for each in curves))
    kinds = [kind for kind in KINDS if any(each["kind"] == kind for each in curves)]

    def draw(width: int) -> dict[str, Any]:
        shared = {
            "x": {"field": "ms", "type": "quantitative", "title": "latency, ms", "scale": {"zero": False}},
            "y": {"field": "share", "type": "quantitative", "title": "runs that take at most so long, %"},
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": kinds, "range": ["var(--ink-soft)", *charts.COLOURS][: len(kinds)]},
            },
        }
        line = {
            "mark": {"type": "line", "aria": False},
            "encoding": {
                **shared,
                "strokeDash": {
                    "field": "runtime",
                    "type": "nominal",
                    "scale": {"domain": runtimes, "range": [[1, 0], [5, 4], [2, 3]][: len(runtimes)]},
                },
                "detail": {"field": "file"},
            },
        }
        # A line is one mark: these points, which are not seen, are what answers to the pointer along it.
        points = {
            "mark": {"type": "point", "opacity": 0, "size": 60, "filled": True},
            "transform": [{"filter": {"field": "share", "oneOf": [0, 10, 25, 50, 75, 90, 95, 99]}}],
            "encoding": {**shared, "description": {"field": "description"}},
        }
        return charts.chart(width, 240, curves, layer=[line, points])

    return Chart("Cumulative distribution of the latency of each file", draw)
