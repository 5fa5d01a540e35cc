"""Minute by minute: what a long run does to the latency, the temperature and the clock of a board."""

from collections.abc import Sequence
from typing import Any

from edgecompress.report import cells, charts
from edgecompress.report.document import Chart, Column, Figure, Row, Section, Table
from edgecompress.report.found import Bench, FoundRecords
from edgecompress.report.numbers import milliseconds
from edgecompress.report.table import cautions

LINES = (("p50", "median"), ("p90", "90th percentile"))


def sustained(found: FoundRecords) -> Section | None:
    """A figure for each benchmark that was taken in windows. An emulated machine's times are no device's."""
    long = [bench for bench in found.benches if bench.record.taken != "emulated" and _windows(bench)]
    figures = [_figure(f"sustained-{i}", bench) for i, bench in enumerate(long)]
    about = (
        "Mode sustained runs each runtime for minutes and sums up window by window. A board without a fan slows down "
        "when it gets hot; a short run does not see it."
    )
    return Section("sustained", "Sustained runs", about, tuple(figures)) if figures else None


def _windows(bench: Bench) -> bool:
    return any(file.latency and file.latency.windows for file in bench.record.files.values())


def _figure(key: str, bench: Bench) -> Figure:
    columns = (
        Column("file", words=True),
        Column("from", "min"),
        Column("runs"),
        Column("p50", "ms"),
        Column("p90", "ms"),
        Column("p99", "ms"),
        Column("hottest zone", "C"),
        Column("fastest core", "MHz"),
    )
    lines: list[Row] = []
    points: list[dict[str, Any]] = []
    for name, file in bench.record.files.items():
        for window in file.latency.windows if file.latency else ():
            clock = None if window.clock_khz is None else window.clock_khz / 1000
            row = Row(
                key=f"{key}-{len(lines)}",
                cells=(
                    cells.words(name),
                    cells.number(window.start / 60, 1),
                    cells.count(window.runs),
                    cells.time(window.p50_ns),
                    cells.time(window.p90_ns),
                    cells.time(window.p99_ns),
                    cells.number(window.hottest, 1),
                    cells.number(clock, 0),
                ),
                taken=bench.record.taken,
                records=(bench.source.id,),
            )
            lines.append(row)
            heat = "" if window.hottest is None else f", {window.hottest:.1f} C"
            text = (
                f"{name} from minute {window.start / 60:.1f}: p50 {milliseconds(window.p50_ns)} ms, "
                f"p90 {milliseconds(window.p90_ns)} ms{heat}"
            )
            points.append(
                {
                    "file": name,
                    "minute": (window.start + window.seconds) / 60,
                    "p50": window.p50_ns / 1e6,
                    "p90": window.p90_ns / 1e6,
                    "heat": window.hottest,
                    "clock": clock,
                    "description": charts.description(row, text),
                }
            )
    drawn = [_chart(points, "p50", "median latency, ms"), _chart(points, "p90", "90th percentile, ms")]
    for field, title in (("heat", "hottest zone, degrees Celsius"), ("clock", "fastest core, MHz")):
        if any(point[field] is not None for point in points):
            drawn.append(_chart(points, field, title))
    record = bench.record
    caption = (
        f"{bench.label}: windows of {record.protocol.window_seconds:g} s, {record.taken} on {bench.machine}, "
        f"{record.threads} {'thread' if record.threads == 1 else 'threads'}. Runtimes ran one after the other, each "
        "from its own minute 0; temperature and clock are those at the end of a window."
    )
    title = f"{bench.label}, {record.device.address}, {record.created[:10]}"
    return Figure(key, title, caption, Table(columns, tuple(lines)), tuple(drawn), tuple(cautions(record)))


def _chart(points: Sequence[dict[str, Any]], field: str, title: str) -> Chart:
    files = list(dict.fromkeys(point["file"] for point in points))

    def draw(width: int) -> dict[str, Any]:
        return charts.chart(
            width,
            200,
            [point for point in points if point[field] is not None],
            mark={"type": "line", "point": {"size": 36}},
            encoding={
                "x": {"field": "minute", "type": "quantitative", "title": "minutes", "axis": {"tickMinStep": 1}},
                "y": {"field": field, "type": "quantitative", "title": title, "scale": {"zero": False}},
                "color": {"field": "file", "type": "nominal", "scale": {"domain": files}},
                "strokeDash": {"field": "file", "type": "nominal", "scale": {"domain": files}},
                "description": {"field": "description"},
            },
        )

    return Chart(f"{title} over the minutes of the run", draw, half=True)
