"""The paper's figures, the reproduced ones and the device's side by side, with the deviation and what explains it."""

import statistics
from collections.abc import Sequence
from typing import Any

from edgecompress.formats import find
from edgecompress.report import cells, charts, paper
from edgecompress.report.document import Cell, Chart, Column, Figure, Row, Section, Table
from edgecompress.report.doubts import of_pairs
from edgecompress.report.found import FoundRecords
from edgecompress.report.numbers import percent
from edgecompress.report.pairs import NEAR, Pair, headline, pairs
from edgecompress.study.records import StudyCell

PAPER, HERE, DEVICE = "paper", "reproduced", "on the device"
DRAWN = 30
"""More lines than these, and only those that are compared with the paper are drawn, or some where none is."""

_REPRODUCED = "reproduced, test set"
# Colour, shape and area. The device's mark fits into the other one: mostly both say the same.
_LOOKS = {
    _REPRODUCED: (charts.COLOURS[0], "circle", 130),
    DEVICE: (charts.COLOURS[1], "diamond", 30),
}
BAND = "the paper's average, at most"


def reproduction(found: FoundRecords) -> Section | None:
    """A line for each configuration, and the averages beside the paper's."""
    every = pairs(found)
    if not every:
        return None
    figures = [_averages(chosen)] if (chosen := headline(every)) else []
    figures.append(_pairs(every, _left_out(found)))
    about = (
        f"Of the paper only the abstract is public ({paper.CITATION}): averages over its networks on a kind of data. "
        "How it counts compression, whether its drops are points or relative, and its training budget are not. Its "
        "figures are taken as points of accuracy and as all prunable weights over those kept."
    )
    return Section("paper", "The paper, reproduced", about, tuple(figures))


def _averages(chosen: Sequence[Pair]) -> Figure:
    columns = (
        Column("data", words=True),
        Column("weights kept, one in", group=PAPER),
        Column("average drop", group=PAPER, words=True),
        Column("networks", group=HERE),
        Column("weights kept, one in", group=HERE),
        Column("average drop", "points", HERE),
        Column("deviation", "points"),
    )
    kinds: dict[paper.PaperFigures, list[Pair]] = {}
    for pair in chosen:
        if pair.published:
            kinds.setdefault(pair.published, []).append(pair)
    rows: list[Row] = []
    gains: list[str | None] = []
    deviations: list[float] = []
    for published, members in kinds.items():
        drops = [pair.drop for pair in members]
        drop = statistics.fmean(drops)
        gains.append(paper.gained(published, drops))
        deviations.append(drop - published.points)
        row = Row(
            key=f"averages-{len(rows)}",
            cells=(
                cells.words(published.kind),
                Cell(f"{published.ratio:.0f}", published.ratio),
                cells.words(published.drop),
                cells.count(len(members)),
                cells.number(statistics.fmean(pair.weights for pair in members), 1),
                cells.points(drop),
                Cell(f"{drop - published.points:+.2f}", drop - published.points),
            ),
            taken="measured",
            records=tuple(dict.fromkeys(record for pair in members for record in pair.records)),
        )
        rows.append(row)
    notes = tuple(each for each in gains if each)
    members_named = "; ".join(pair.name for pair in chosen)
    fewer = sum(each <= 0 for each in deviations)
    caption = (
        f"Less is lost than the paper says on {fewer} of {len(rows)} kinds of data. Points of test accuracy lost from "
        "the dense to the compressed network. Of each network and data set the "
        f"configuration nearest the paper's ratio among those that keep at most one weight in {NEAR * paper.RATIO:g}; "
        "at the same ratio the one of most seeds, then the one trained longest, then the study's base. "
        "A negative deviation means that less was lost than the paper says."
    )
    details = (f"Averaged here: {members_named}.",)
    return Figure("averages", "Averages", caption, Table(columns, tuple(rows)), warnings=notes, details=details)


def _pairs(every: Sequence[Pair], left_out: tuple[str, ...]) -> Figure:
    staged = any(pair.pruned is not None for pair in every)  # a bundle does not have it
    columns = (
        Column("network, data", words=True),
        Column("weights kept, one in", group=PAPER),
        Column("average drop", group=PAPER, words=True),
        Column("weights kept, one in", group=HERE),
        Column("dense", "%", HERE),
        *([Column("pruned", "%", HERE)] if staged else []),
        Column("compressed", "%", HERE),
        Column("drop", "points", HERE),
        Column("seeds", group=HERE),
        *(Column(f"{each.title} smaller", group=HERE) for each in find.of_profiles()),
        Column("drop", "points", DEVICE),
        Column("latency / dense", group=DEVICE),
        Column("where", group=DEVICE, words=True),
        Column("deviation", "points"),
        Column("what differs from the paper, or may", words=True),
    )
    rows: list[Row] = []
    bars: list[dict[str, Any]] = []
    compared = {id(pair) for pair in headline(every)}
    for pair in every:
        published, device, deviation = pair.published, pair.device, pair.deviation
        row = Row(
            key=f"pairs-{len(rows)}",
            cells=(
                cells.words(pair.name),
                Cell(f"{published.ratio:.0f}", published.ratio) if published else cells.words(None),
                cells.words(published.drop if published else None),
                cells.number(pair.weights, 1),
                cells.points(pair.dense),
                *([cells.points(pair.pruned)] if staged else []),
                cells.points(pair.compressed),
                cells.spread(pair.drops),
                cells.count(pair.seeds),
                *(cells.times(pair.files.get(each.name)) for each in find.of_profiles()),
                cells.points(device.drop if device else None),
                cells.number(device.latency if device else None, 3),
                cells.words(f"{device.where}: {device.taken}" if device else None),
                Cell(cells.NONE if deviation is None else f"{deviation:+.2f}", deviation),
                cells.words("; ".join(pair.reasons)),
            ),
            taken=pair.taken,
            records=pair.records,
        )
        rows.append(row)
        bars.append({"leads": id(pair) in compared, "marks": _marks(row, pair)})
    caption = (
        "Each compressed network on its whole test set, as PyTorch runs it, beside the figure of the same file where "
        "it was run on a device. Drops are in points of accuracy, negative where accuracy rose; a bar is the range of "
        "seeds. A deviation is given where at least the paper's ratio was reached."
    )
    led = [bar for bar in bars if bar["leads"]]
    drawn = bars if len(bars) <= DRAWN else charts.few(led or bars, charts.MOST_NAMES, lambda bar: bool(bar["leads"]))
    marks = [mark for bar in drawn for mark in bar["marks"]]
    return Figure(
        "pairs",
        "Network by network",
        caption,
        Table(columns, tuple(rows)),
        (_chart(marks),),
        (*of_pairs(every), *left_out),
    )


def _marks(row: Row, pair: Pair) -> list[dict[str, Any]]:
    """The marks of a line: what was reproduced, with the least and most of its seeds, and the device's figure."""
    found = [(_REPRODUCED, pair.drop, f"{pair.name}: {percent(pair.drop)} points lost, reproduced")]
    if pair.device and pair.device.drop is not None:
        text = f"{pair.name}: {percent(pair.device.drop)} points lost on {pair.device.where}, {pair.device.taken}"
        found.append((DEVICE, pair.device.drop, text))
    least, most = min(pair.drops), max(pair.drops)
    return [
        {
            "pair": pair.name,
            "who": who,
            "area": _LOOKS[who][2],
            "drop": drop,
            "least": least,
            "most": most,
            "band": pair.published.points if pair.published else 0.0,
            "paper": BAND,
            "description": charts.description(row, text),
        }
        for who, drop, text in found
    ]


def _chart(marks: Sequence[dict[str, Any]]) -> Chart:
    who = [each for each in _LOOKS if any(mark["who"] == each for mark in marks)]
    colours, shapes, _ = zip(*(_LOOKS[each] for each in who), strict=True)
    encoding: dict[str, Any] = {
        "y": {"field": "pair", "type": "nominal", "sort": None, "axis": None},
        "x": {
            "field": "drop",
            "type": "quantitative",
            "title": "points of accuracy lost",
            "scale": {"padding": 8},
            # Names stand above their lines: no line of a grid crosses them.
            "axis": {"grid": False},
        },
        "color": {"field": "who", "type": "nominal", "scale": {"domain": who, "range": colours}},
        "shape": {"field": "who", "type": "nominal", "scale": {"domain": who, "range": shapes}},
        # Not by a scale: one of a single area makes none of it.
        "size": {"field": "area", "type": "quantitative", "scale": None, "legend": None},
        "description": {"field": "description"},
    }

    def draw(width: int) -> dict[str, Any]:
        y, x = encoding["y"], encoding["x"]
        first = [{"filter": {"field": "who", "equal": _REPRODUCED}}]
        look = {"domain": [BAND], "range": ["var(--ink-soft)"]}
        band = {
            "transform": first,
            "mark": {"type": "rect", "opacity": 0.14, "aria": False},
            "encoding": {
                "y": y,
                "x": {**x, "field": "band"},
                "x2": {"datum": 0},
                "fill": {"field": "paper", "type": "nominal", "scale": look, "legend": {"symbolOpacity": 0.3}},
            },
        }
        seeds = {
            "transform": first,
            "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.5, "yOffset": 8, "aria": False},
            "encoding": {"y": y, "x": {**x, "field": "least"}, "x2": {"field": "most"}},
        }
        points = {"mark": {"type": "point", "strokeWidth": 2, "yOffset": 8}, "encoding": encoding}
        bands = [band] if any(mark["band"] for mark in marks) else []
        return charts.chart(width, {"step": 38}, marks, layer=[*bands, seeds, points, charts.above("pair")])

    return Chart("Points of accuracy lost, by network and data", draw)


def _left_out(found: FoundRecords) -> tuple[str, ...]:
    """The cells that a study could not compute, and those that no study computed."""
    lines = [f"Failed: {record.cell.name}: {record.error}." for _, record in found.cells if record.error]
    known = {record.cell for _, record in found.cells}
    for _, index in found.studies:
        cells = [entry.cell for entry in index.cells if entry.state == "left out"]
        missing = [cell for cell in cells if cell not in known]
        known.update(missing)  # what two studies left out is listed once
        if missing:
            budget = f" (budget {index.budget_minutes:g} minutes)" if index.budget_minutes else ""
            lines.append(f"Left out of study {index.study}{budget}: {_by_configuration(missing)}.")
    return tuple(lines)


def _by_configuration(missing: Sequence[StudyCell]) -> str:
    """Names of cells, those that differ by their seed as one."""
    seeds: dict[str, list[int]] = {}
    for cell in missing:
        seeds.setdefault(cell.name.removesuffix(f"-seed{cell.seed}"), []).append(cell.seed)
    return "; ".join(f"{name}, seed{'s' * (len(each) > 1)} {', '.join(map(str, each))}" for name, each in seeds.items())
