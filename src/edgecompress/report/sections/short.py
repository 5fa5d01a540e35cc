"""The page in short: is it smaller, is it as good, what does it do on a board; and one plot of all networks."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from edgecompress.report import cells, charts
from edgecompress.report.document import Chart, Column, Figure, Row, Section, Table
from edgecompress.report.found import FoundRecords
from edgecompress.report.numbers import significant
from edgecompress.report.pairs import Pair, headline, pairs

LEAST_SPAN = 5.0
"""Points of accuracy that the plot's axis spans at least: one test sample is no cliff."""


def short(found: FoundRecords) -> Section | None:
    """The figures that a reader asks for first, and each network's dense and compressed file, joined.

    Of a study's grid only the configurations that are compared with the paper are in it.
    """
    every = pairs(found)
    led = {id(pair) for pair in headline(every)}
    chosen = [pair for pair in every if pair.onnx and (pair.cell is None or id(pair) in led)]
    chosen = chosen or [pair for pair in every if pair.onnx]
    if not chosen:
        return None
    about = "Each network's compressed ONNX file beside its dense one. What follows says how sure these figures are."
    return Section("short", "In short", about, (_answers(chosen, headline(every)), _hero(chosen)))


def _answers(chosen: Sequence[Pair], compared: Sequence[Pair]) -> Figure:
    columns = (Column("question", words=True), Column("answer", words=True), Column("of", words=True))
    ratios, drops = [_smaller(pair) for pair in chosen], [pair.drop for pair in chosen]
    of = "one network" if len(chosen) == 1 else f"{len(chosen)} networks"
    middle = "" if len(chosen) == 1 else f"; median {significant(statistics.median(ratios))}x"
    answers = [
        ("Is it smaller?", f"{_range(ratios, significant)}x", f"smaller ONNX files of {of}{middle}", chosen),
        (
            "Is it as good?",
            f"{_range(drops, _signed)} points",
            f"of test accuracy lost by {of}, median {_signed(statistics.median(drops))}; below zero: it gained",
            chosen,
        ),
        _on_board(chosen),
    ]
    published = {pair.published: pair.published for pair in compared if pair.published}
    if published:
        means = [[pair.drop for pair in compared if pair.published == each] for each in published]
        answers.append(
            (
                "And at the paper's ratio?",
                f"{' and '.join(_signed(statistics.fmean(drops)) for drops in means)} points",
                "lost on average; the paper: " + ", ".join(f"{each.drop} on {each.kind}" for each in published),
                compared,
            )
        )
    rows = [
        Row(
            key=f"short-{number}",
            cells=(cells.words(question), cells.words(answer), cells.words(said)),
            taken=next((pair.taken for pair in members if pair.taken != "measured"), "measured"),
            records=tuple(dict.fromkeys(record for pair in members for record in pair.records)),
        )
        for number, (question, answer, said, members) in enumerate(answers)
    ]
    return Figure("answers", "", "", Table(columns, tuple(rows), large=True))


def _on_board(chosen: Sequence[Pair]) -> tuple[str, str, str, Sequence[Pair]]:
    """The latency on boards; where none was measured that is the answer, and other machines' figures stand beside."""
    timed = [(pair, pair.device) for pair in chosen if pair.device and pair.device.latency is not None]
    question, how = "What does it do on a board?", "edgecompress bench BUNDLE --device NAME measures it"
    if not timed:
        return question, "not measured", how, chosen
    boards = [(pair, device) for pair, device in timed if device.is_board]
    shown = boards or timed
    latency = f"{_range([device.latency for _, device in shown if device.latency], lambda each: f'{each:.2f}')}x"
    places = list(dict.fromkeys(device.where.split(",")[0] for _, device in shown))
    of = f"the dense file's time, {len(shown)} of {len(chosen)}, on {places[0]}"
    of += f" and {len(places) - 1} more" if len(places) > 1 else ""
    members = [pair for pair, _ in shown]
    if boards:
        return question, latency, of, members
    return question, "not measured", f"{how}; on no board: {latency} {of}", members


def _hero(chosen: Sequence[Pair]) -> Figure:
    columns = (
        Column("network, data", words=True),
        Column("dense", "bytes"),
        Column("compressed", "bytes"),
        Column("smaller"),
        Column("dense", "%"),
        Column("compressed", "%"),
        Column("lost", "points"),
        Column("latency / dense"),
    )
    rows: list[Row] = []
    marks: list[dict[str, Any]] = []
    for pair in sorted(chosen, key=_smaller, reverse=True):
        dense, compressed = pair.onnx or (0, 0)
        latency = pair.device.latency if pair.device else None
        row = Row(
            key=f"hero-{len(rows)}",
            cells=(
                cells.words(pair.name),
                cells.count(dense),
                cells.count(compressed),
                cells.times(_smaller(pair)),
                cells.points(pair.dense),
                cells.points(pair.compressed),
                cells.spread(pair.drops),
                cells.number(latency, 2),
            ),
            taken=pair.taken,
            records=pair.records,
        )
        rows.append(row)
        of = f"{pair.name}: {pair.dense:.2f} % in {dense:,} bytes, {pair.compressed:.2f} % in {compressed:,}"
        marks.append(
            {
                "data": pair.data,
                "dense": dense,
                "compressed": compressed,
                "before": pair.dense,
                "after": pair.compressed,
                "least": pair.dense - max(pair.drops),
                "most": pair.dense - min(pair.drops),
                "description": charts.description(row, of),
            }
        )
    ratios, lost = [_smaller(pair) for pair in chosen], [pair for pair in chosen if pair.drop > 1]
    within = len(chosen) - len(lost)
    caption = (
        f"{within} of {len(chosen)} lose at most one point, at {_range(ratios, significant)} times fewer bytes. Each "
        "line goes from the dense file (hollow) to the compressed one (filled); bars are the range over seeds."
    )
    drawn = marks[: charts.MOST_NAMES]
    return Figure("hero", "Bytes against accuracy", caption, Table(columns, tuple(rows)), (_chart(drawn),))


def _chart(marks: Sequence[dict[str, Any]]) -> Chart:
    data = list(dict.fromkeys(mark["data"] for mark in marks))
    colours = [charts.COLOURS[place % len(charts.COLOURS)] for place in range(len(data))]
    seen = [value for mark in marks for value in (mark["before"], mark["least"], mark["most"])]
    low, high = min(seen), max(seen)
    spare = max(0.5, (LEAST_SPAN - (high - low)) / 2)
    domain = [max(0.0, low - spare), min(100.0, high + spare)]

    def at(x: str, y: str, **more: Any) -> dict[str, Any]:
        stroke = {
            "field": "data",
            "type": "nominal",
            "scale": {"domain": data, "range": colours},
            "legend": {"symbolType": "circle", "symbolStrokeWidth": 2.5, "symbolOpacity": 1},
        }
        return {
            "x": {
                "field": x,
                "type": "quantitative",
                "title": "ONNX file, bytes (log)",
                "scale": {"type": "log", "nice": False, "padding": 14},
                "axis": {"tickCount": 5, "format": "~s", "grid": False},
            },
            "y": {
                "field": y,
                "type": "quantitative",
                "title": "test accuracy, %",
                "scale": {"domain": domain, "nice": False},
            },
            "stroke": stroke,
            **more,
        }

    fill = dict(zip(data, colours, strict=True))
    shown = [{**mark, "fill": fill[mark["data"]]} for mark in marks]
    filled = {"field": "fill", "type": "nominal", "scale": None}
    told = {"description": {"field": "description"}}
    joined = at("dense", "before", x2={"field": "compressed"}, y2={"field": "after"})
    layers = [
        {"mark": {"type": "rule", "strokeWidth": 1.5, "opacity": 0.45, "aria": False}, "encoding": joined},
        {
            "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.6, "aria": False},
            "encoding": at("compressed", "least", y2={"field": "most"}),
        },
        {
            "mark": {"type": "point", "size": 60, "strokeWidth": 2, "fill": "var(--ground)", "aria": False},
            "encoding": at("dense", "before"),
        },
        {
            "mark": {"type": "point", "size": 90, "strokeWidth": 2},
            "encoding": at("compressed", "after", fill=filled, **told),
        },
    ]

    def draw(width: int) -> dict[str, Any]:
        return charts.chart(width, 360, shown, layer=layers)

    return Chart("Test accuracy against bytes of the ONNX file, dense and compressed joined", draw)


def _smaller(pair: Pair) -> float:
    dense, compressed = pair.onnx or (0, 1)
    return dense / compressed


def _range(values: Sequence[float], show: Callable[[float], str]) -> str:
    low, high = show(min(values)), show(max(values))
    return low if low == high else f"{low} to {high}"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("+0.00", "0.00").replace("-0.00", "0.00")
