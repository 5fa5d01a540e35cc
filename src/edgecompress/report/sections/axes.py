"""The cost of each axis of a study: zeros against bits, and one clustering method against the others."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from edgecompress.formats import find
from edgecompress.report import cells, charts
from edgecompress.report.document import Cell, Chart, Column, Figure, Row, Section, Table
from edgecompress.report.found import FoundRecords
from edgecompress.report.numbers import percent
from edgecompress.report.pairs import Pair, pairs
from edgecompress.study.records import StudyCell

_T = TypeVar("_T")

FEWEST = 3
"""Fewer values are no curve: the table of all networks shows them as well."""
_CHANCE = 1.96
"""Standard errors that 95 % of a normal distribution lie within."""


def axes(found: FoundRecords) -> Section | None:
    """For each network and data set that a study varied: points lost by zeros and bits, and by clustering method."""
    groups: dict[tuple[object, ...], list[tuple[StudyCell, Pair]]] = {}
    for pair in pairs(found):
        if pair.cell:
            same = (pair.model, pair.data, pair.cell.width, pair.recipe, pair.reasons, pair.taken)
            groups.setdefault(same, []).append((pair.cell, pair))
    figures: list[Figure] = []
    for members in groups.values():
        for make in (_zeros_and_bits, _methods):
            if figure := make(f"axes-{len(figures)}", members):
                figures.append(figure)
    about = (
        "Cells of a study that differ in these settings and in nothing else. Each point is the mean of its seeds; "
        "their sizes are in the section on bytes, accuracy and latency."
    )
    return Section("axes", "Zeros, bits, methods", about, tuple(figures)) if figures else None


def _zeros_and_bits(key: str, members: Sequence[tuple[StudyCell, Pair]]) -> Figure | None:
    """A line of the table for each sparsity, a column for each number of bits; of the method that has most of them."""
    method = _most(cell.method for cell, _ in members)
    of_method = [(cell, pair) for cell, pair in members if cell.method == method]
    bits = sorted({cell.bits for cell, _ in of_method})
    rates = sorted({(cell.sparsity, cell.distill) for cell, _ in of_method}, key=lambda each: (each[1], each[0]))
    if max(len(bits), len({sparsity for sparsity, _ in rates})) < FEWEST:
        return None
    columns = (
        Column("zeros", words=True),
        Column("distilled", words=True),
        *(Column(f"{each} {_bits(each)}", "points lost") for each in bits),
    )
    rows: list[Row] = []
    marks: list[dict[str, Any]] = []
    for sparsity, distill in rates:
        here = {cell.bits: pair for cell, pair in of_method if (cell.sparsity, cell.distill) == (sparsity, distill)}
        row = Row(
            key=f"{key}-{len(rows)}",
            cells=(
                Cell(f"{100 * sparsity:g} %", 100 * sparsity),
                cells.words(_yes(distill)),
                *(cells.spread(here[each].drops) if each in here else cells.words(None) for each in bits),
            ),
            taken=next(iter(here.values())).taken,
            records=tuple(record for pair in here.values() for record in pair.records),
        )
        rows.append(row)
        for each, pair in here.items():
            which = f"{100 * sparsity:g} % zeros, {each} {_bits(each)}{', distilled' * distill}"
            text = f"{which}: {percent(pair.drop)} points lost"
            mark = {"zeros": 100 * sparsity, "bits": each, "distilled": _yes(distill), "drop": pair.drop}
            marks.append(
                {
                    **mark,
                    "least": min(pair.drops),
                    "most": max(pair.drops),
                    "description": charts.description(row, text),
                }
            )
    distils = sorted({distill for _, distill in rates})
    drawn = tuple(_lines(marks, distill, alone=len(distils) == 1) for distill in distils)
    title = f"{_name(members)}: zeros and bits"
    return Figure(
        key,
        title,
        _caption([pair for _, pair in of_method], f"{_rise(marks)}Clustered by {method}."),
        Table(columns, tuple(rows)),
        drawn,
    )


def _methods(key: str, members: Sequence[tuple[StudyCell, Pair]]) -> Figure | None:
    """A line for each method, at the sparsity and bits that most methods have."""
    sparsity, bits, distill = _most((cell.sparsity, cell.bits, cell.distill) for cell, _ in members)
    here = {
        cell.method: pair
        for cell, pair in members
        if (cell.sparsity, cell.bits, cell.distill) == (sparsity, bits, distill)
    }
    if len(here) < FEWEST:
        return None
    columns = (
        Column("clustering method", words=True),
        Column("seeds"),
        Column("drop", "points"),
        *(Column(f"{each.title} smaller") for each in find.of_profiles()),
    )
    rows: list[Row] = []
    marks: list[dict[str, Any]] = []
    ranked = sorted(here.items(), key=lambda each: (each[1].drop, each[0]))
    (best, least), (worst, most) = ranked[0], ranked[-1]
    apart = most.drop - least.drop
    by_chance = apart < _chance(list(here.values()))
    # Where chance alone can make the order, it is none: the names are in theirs.
    for method, pair in sorted(here.items()) if by_chance else ranked:
        row = Row(
            key=f"{key}-{len(rows)}",
            cells=(
                cells.words(method),
                cells.count(pair.seeds),
                cells.spread(pair.drops),
                *(cells.times(pair.files.get(each.name)) for each in find.of_profiles()),
            ),
            taken=pair.taken,
            records=pair.records,
        )
        rows.append(row)
        described = charts.description(row, f"{method}: {percent(pair.drop)} points lost")
        ends = {"least": min(pair.drops), "most": max(pair.drops)}
        marks.append({"method": method, "drop": pair.drop, **ends, "description": described})
    found = (
        f"No method is better than another beyond chance: they are at most {apart:.2f} points apart."
        if by_chance
        else f"{best} loses least, {apart:.2f} points less than {worst}."
    )
    at = f"{found} At {100 * sparsity:g} % zeros and {bits} bits{', learning from the baseline too' * distill}."
    title = f"{_name(members)}: clustering methods"
    return Figure(key, title, _caption(list(here.values()), at), Table(columns, tuple(rows)), (_dots(marks),))


def _lines(marks: Sequence[dict[str, Any]], distill: bool, *, alone: bool) -> Chart:
    """Points lost along zeros, a line for each number of bits; along bits where there are too few sparsities."""
    shown = [mark for mark in marks if mark["distilled"] == _yes(distill)]
    drops = [mark[end] for mark in marks for end in ("least", "most")]
    which = "" if alone else ", learning from the baseline too" if distill else ", learning from the labels alone"
    along, each, title = "zeros", "bits", "zeros, %"
    if len({mark["zeros"] for mark in marks}) < FEWEST:
        along, each, title = "bits", "zeros", "bits"
    lines = {"domain": [_line(each, value) for value in sorted({mark[each] for mark in marks})]}

    def draw(width: int) -> dict[str, Any]:
        encoding: dict[str, Any] = {
            "x": {
                "field": along,
                "type": "quantitative",
                "title": title,
                "scale": {"zero": False},
                "axis": {"tickMinStep": 1},
            },
            "y": {
                "field": "drop",
                "type": "quantitative",
                "title": f"points of accuracy lost{which}",
                # The same in both drawings, which stand side by side.
                "scale": {"domain": [min(0, *drops), max(0, *drops)], "nice": True},
            },
            "color": {"field": "line", "type": "nominal", "scale": lines, "legend": {"symbolOpacity": 1}},
            "strokeDash": {"field": "line", "type": "nominal", "scale": lines},
            "description": {"field": "description"},
        }
        seeds = {name: encoding[name] for name in ("x", "color")}
        seeds |= {"y": {**encoding["y"], "field": "least"}, "y2": {"field": "most"}}
        return charts.chart(
            width,
            220,
            [{**mark, "line": _line(each, mark[each])} for mark in shown],
            layer=[
                {"mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.35, "aria": False}, "encoding": seeds},
                {"mark": {"type": "line", "point": {"size": 50}}, "encoding": encoding},
            ],
        )

    return Chart(f"Points of accuracy lost by zeros and bits{which}", draw, half=not alone)


def _line(axis: str, value: float) -> str:
    return f"{value:g} % zeros" if axis == "zeros" else f"{value:g} {_bits(value)}"


def _dots(marks: Sequence[dict[str, Any]]) -> Chart:
    def draw(width: int) -> dict[str, Any]:
        y = {"field": "method", "type": "nominal", "sort": None, "title": None}
        x = {"field": "drop", "type": "quantitative", "title": "points of accuracy lost"}
        colour = charts.COLOURS[0]
        return charts.chart(
            width,
            {"step": 24},
            marks,
            layer=[
                {
                    "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.35, "color": colour, "aria": False},
                    "encoding": {"y": y, "x": {**x, "field": "least"}, "x2": {"field": "most"}},
                },
                {
                    "mark": {"type": "point", "filled": True, "size": 80, "color": colour},
                    "encoding": {"y": y, "x": x, "description": {"field": "description"}},
                },
            ],
        )

    return Chart("Points of accuracy lost by clustering method", draw)


def _caption(members: Sequence[Pair], which: str) -> str:
    """The caption: which cells these are, and how far apart figures must be to say anything."""
    return (
        f"{which} Points of accuracy lost to the dense network on {members[0].samples:,} test samples; a bar is the "
        f"range of the seeds. Figures of one seed that are less than {_chance(members):.1f} points apart can be so by "
        "chance (95 %, samples independent)."
    )


def _chance(members: Sequence[Pair]) -> float:
    """The points that two accuracies of so many samples can be apart by chance."""
    accuracy = statistics.fmean(pair.compressed for pair in members) / 100
    return 100 * _CHANCE * math.sqrt(2 * accuracy * (1 - accuracy) / members[0].samples)


def _rise(marks: Sequence[dict[str, Any]]) -> str:
    """The finding along the zeros: from which mean loss to which; empty: they do not vary."""
    rates = sorted({mark["zeros"] for mark in marks})
    if len(rates) < FEWEST:
        return ""

    def loss(zeros: float) -> float:
        return statistics.fmean(mark["drop"] for mark in marks if mark["zeros"] == zeros)

    first, last = loss(rates[0]), loss(rates[-1])
    return f"From {rates[0]:g} % to {rates[-1]:g} % zeros the mean loss goes from {first:.2f} to {last:.2f} points. "


def _name(members: Sequence[tuple[StudyCell, Pair]]) -> str:
    cell, pair = members[0]
    return f"{pair.model}, {pair.data}{f', width {cell.width:g}' if cell.width != 1 else ''}"


def _bits(number: float) -> str:
    return "bit" if number == 1 else "bits"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _most(values: Iterable[_T]) -> _T:
    """The value that occurs most often, of several the first."""
    return Counter(values).most_common(1)[0][0]
