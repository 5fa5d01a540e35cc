"""Bytes against accuracy against latency: every file that was run, and which of them no other one beats."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgecompress.compress.drop import Drop
from edgecompress.report import cells, charts
from edgecompress.report.document import Cell, Chart, Column, Figure, Row, Section, Table, Taken
from edgecompress.report.found import Bench, FoundRecords, how_taken
from edgecompress.report.numbers import significant
from edgecompress.report.pareto import best
from edgecompress.report.table import cautions, conditions, rows

_KEY = "var(--ink-soft)"
WIDE_RANGE = 5
"""Values further apart than this factor are drawn on a logarithmic axis."""


@dataclass(frozen=True)
class FrontMark:
    """A file. ``latency`` is in the unit of its figure; ``None``: not measured, and no objective of its figure.

    ``drop``: to the dense network, where an interval of it is known.
    """

    name: str
    series: str
    shape: str
    bytes: int
    accuracy: float
    latency: float | None
    taken: Taken
    record: str
    drop: Drop | None = None


def front(found: FoundRecords) -> Section | None:
    """A figure for each device and data set of benchmarks, each data set of a study's cells, each build's front."""
    figures = [*_benches(found), *_cells(found), *_builds(found)]
    about = (
        "A file is on the front (filled) where no other one is at least as good in all of bytes, accuracy and latency, "
        "and better in one. Point at a mark, or reach a plot with Tab and its marks with the arrow keys."
    )
    return Section("front", "Bytes, accuracy, latency", about, tuple(figures)) if figures else None


def _benches(found: FoundRecords) -> list[Figure]:
    groups: dict[tuple[str, str, str, int], list[Bench]] = {}
    for bench in found.benches:
        key = (bench.record.bundle.data, bench.machine, bench.record.taken, bench.record.threads)
        groups.setdefault(key, []).append(bench)
    figures: list[Figure] = []
    for (data, machine, taken, threads), benches in groups.items():
        points = [
            FrontMark(
                name=f"{bench.label}: {row.file}",
                series=bench.label,
                shape=row.runtime.split()[0],
                bytes=row.bytes,
                accuracy=row.accuracy,
                latency=None if row.p50 is None else row.p50 / 1e6,
                taken=bench.record.taken,
                record=bench.source.id,
            )
            for bench in benches
            for row in rows(bench.record)
            if row.accuracy is not None
        ]
        if not points:
            continue
        caption = (
            f"Test accuracy of each file on {data} against its size and its median latency, {taken} on {machine}, "
            f"{threads} {'thread' if threads == 1 else 'threads'}, batch 1."
        )
        notes = tuple(dict.fromkeys(line for bench in benches for line in cautions(bench.record)))
        details = tuple(dict.fromkeys(line for bench in benches for line in conditions(bench.record)))
        title = f"{data} on {machine}"
        figures.append(_figure(f"front-{len(figures)}", title, caption, points, "p50", "ms", notes, details))
    return figures


def _cells(found: FoundRecords) -> list[Figure]:
    groups: dict[str, list[FrontMark]] = {}
    for source, record in found.cells:
        outcome = record.outcome
        if not outcome:
            continue
        ratio = next((each for each in outcome.latency if each.runtime == "onnxruntime"), None)
        ratio = ratio if ratio and ratio.how != "emulated" else None
        point = FrontMark(
            name=record.cell.name,
            series=record.cell.model,
            shape=record.cell.method,
            bytes=outcome.sizes["onnx"].compressed,
            accuracy=outcome.accuracy.clustered.percent,
            latency=ratio.ratio if ratio else None,
            taken=how_taken(record),
            record=source.id,
        )
        groups.setdefault(outcome.data.name, []).append(point)
    return [
        _figure(
            f"front-cells-{i}",
            f"{data}, study cells",
            f"Test accuracy on {data}, as PyTorch runs the network, against the size of the cell's ONNX file and its "
            "latency in onnxruntime over the dense file's, on the machine that computed the cell.",
            points,
            "latency",
            "x dense",
            (),
            (),
        )
        for i, (data, points) in enumerate(groups.items())
    ]


def _builds(found: FoundRecords) -> list[Figure]:
    """The points that builds with ``--max-drop`` tried."""
    return [
        _figure(
            f"front-build-{i}",
            f"{made.label}, rates tried",
            f"Validation accuracy of {made.label} against the size of its ONNX file, at each rate that the build "
            f"tried. Drops are to the dense network, which has {made.manifest.stages[0].accuracy:.2f} %, by a "
            "bootstrap over samples, each with both answers.",
            [
                FrontMark(
                    name=f"{point.rate:g} bits a weight",
                    series=made.label,
                    shape="rate",
                    bytes=point.bytes,
                    accuracy=point.validation_accuracy,
                    latency=None,
                    taken="measured",
                    record=made.source.id,
                    drop=point.drop,
                )
                for point in made.manifest.front
            ],
            "latency",
            "x dense",
            (),
            (),
            accuracy="validation accuracy",
        )
        for i, made in enumerate(each for each in found.bundles if each.manifest.front)
    ]


def _figure(
    key: str,
    title: str,
    caption: str,
    points: Sequence[FrontMark],
    latency: str,
    unit: str,
    notes: tuple[str, ...],
    details: tuple[str, ...],
    *,
    accuracy: str = "test accuracy",
) -> Figure:
    timed = any(point.latency is not None for point in points)
    judged = any(point.drop is not None for point in points)
    columns = (
        Column("file", words=True),
        Column("size", "bytes"),
        Column(accuracy.removeprefix("test "), "%"),
        *([Column("drop", "points (95 %)")] if judged else []),
        *([Column(latency, unit)] if timed else []),
        Column("on the front", words=True),
    )
    lines: list[Row] = []
    marks: list[dict[str, Any]] = []
    for i, (point, leads) in enumerate(zip(points, _leading(points), strict=True)):
        row = Row(
            key=f"{key}-{i}",
            cells=(
                cells.words(point.name),
                cells.count(point.bytes),
                cells.points(point.accuracy),
                *([_drop(point)] if judged else []),
                *([_latency(point)] if timed else []),
                cells.words("yes" if leads else "no"),
            ),
            taken=point.taken,
            records=(point.record,),
            stands_out=leads,
        )
        lines.append(row)
        time = "" if point.latency is None else f", {latency} {significant(point.latency)} {unit}"
        text = f"{point.name}: {point.bytes:,} bytes, {point.accuracy:.2f} %{time}{', on the front' if leads else ''}"
        marks.append(
            {
                "series": point.series,
                "shape": point.shape,
                "bytes": point.bytes,
                "accuracy": point.accuracy,
                "latency": point.latency,
                "front": leads,
                "description": charts.description(row, text),
            }
        )
    shown = charts.few(marks, charts.MOST_MARKS, lambda mark: mark["front"])
    if len(shown) < len(marks):
        line = f"The plots show {len(shown)} of the {len(marks):,} files, those on the front first; the table has all."
        details = (line, *details)
    drawn = [_chart(shown, "bytes", "file size, bytes", accuracy)]
    if any(mark["latency"] is not None for mark in shown):
        drawn.append(_chart(shown, "latency", f"{latency}, {unit}", accuracy))
    return Figure(key, title, caption, Table(columns, tuple(lines)), tuple(drawn), notes, details)


def _leading(points: Sequence[FrontMark]) -> list[bool]:
    """For each point, whether no other beats it in bytes, accuracy and, where all have one, latency."""
    timed = all(point.latency is not None for point in points)
    return best([(point.bytes, -point.accuracy, (point.latency or 0.0) if timed else 0.0) for point in points])


def _drop(point: FrontMark) -> Cell:
    if point.drop is None:
        return Cell(cells.NONE, None)
    return Cell(f"{point.drop.points:.2f} ({point.drop.low:.2f} to {point.drop.high:.2f})", point.drop.points)


def _latency(point: FrontMark) -> Cell:
    return Cell(cells.NONE if point.latency is None else significant(point.latency), point.latency)


def _chart(marks: Sequence[Mapping[str, Any]], field: str, title: str, accuracy: str) -> Chart:
    series = list(dict.fromkeys(mark["series"] for mark in marks))
    colours = dict(zip(series, itertools.cycle(charts.COLOURS), strict=False))
    shapes = list(dict.fromkeys(mark["shape"] for mark in marks))

    # Hollow marks are filled with the page's ground and not with nothing: they answer inside too.
    shown = [
        {**mark, "fill": colours[mark["series"]] if mark["front"] else "var(--ground)"}
        for mark in marks
        if mark[field] is not None
    ]

    values = [mark[field] for mark in shown]
    log = min(values) > 0 and max(values) > WIDE_RANGE * min(values)

    distinct = 1 < len(series) <= charts.MOST_NAMES
    legend = {"symbolFillColor": "transparent", "symbolStrokeWidth": 2.5} if distinct else None

    def draw(width: int) -> dict[str, Any]:
        return charts.chart(
            width,
            260,
            shown,
            mark={"type": "point", "size": 90, "strokeWidth": 2, "filled": False},
            encoding={
                "x": {
                    "field": field,
                    "type": "quantitative",
                    "title": title + (" (log)" if log else ""),
                    "scale": {"type": "log" if log else "linear", "nice": False, "zero": False, "padding": 14},
                    "axis": {"tickCount": 4, "format": "~s" if field == "bytes" else "~g", "grid": not log},
                },
                "y": {
                    "field": "accuracy",
                    "type": "quantitative",
                    "title": f"{accuracy}, %",
                    "scale": {"zero": False, "padding": 14},
                },
                "stroke": {
                    "field": "series",
                    "type": "nominal",
                    "scale": {"domain": series, "range": list(colours.values())},
                    "legend": legend,
                },
                "fill": {"field": "fill", "type": "nominal", "scale": None},
                "shape": {
                    "field": "shape",
                    "type": "nominal",
                    "scale": {"domain": shapes, "range": ["circle", "square", "diamond", "triangle-up", "cross"]},
                    "legend": {"symbolFillColor": _KEY, "symbolStrokeColor": _KEY} if len(shapes) > 1 else None,
                },
                "description": {"field": "description"},
            },
        )

    return Chart(f"{accuracy.capitalize()} against {title}", draw, half=True)
