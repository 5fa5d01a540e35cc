"""The look that the charts of a report share, and how a mark names the row that it shows.

Colours are custom properties of the page, so that one drawing serves its light and its dark theme and print.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgecompress.report.document import Row

Spec = Mapping[str, Any]
MOST_MARKS = 400
"""Of a plot of points."""
MOST_NAMES = 40
"""Of a plot that has a line of its own for each name, and of a legend."""

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
# Distinguished by position, dash or shape as well: colour alone says nothing to some readers, or on paper.
COLOURS = [f"var(--series-{i})" for i in range(1, 7)]
# The renderer measures text with Liberation Sans, which has the widths of Arial and Helvetica.
_FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
_INK, _SOFT, _RULE = "var(--ink)", "var(--ink-soft)", "var(--rule)"

CONFIG: Spec = {
    "font": _FONT,
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        "labelColor": _SOFT,
        "labelFontSize": 12,
        "titleColor": _SOFT,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "gridColor": _RULE,
        "domainColor": _RULE,
        "tickColor": _RULE,
        "labelOverlap": True,
        "tickCount": 5,
    },
    "axisY": {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "start", "titleX": 0, "titleY": -10},
    "legend": {
        "labelColor": _INK,
        "labelFontSize": 12,
        "labelLimit": 0,
        "symbolSize": 70,
        "orient": "bottom",
        "direction": "vertical",
        "title": None,
        "offset": 12,
        "layout": {"bottom": {"direction": "vertical", "anchor": "start"}},
    },
    "point": {"opacity": 1},
    "header": {"labelColor": _INK, "labelFontSize": 12, "title": None},
    "range": {"category": COLOURS},
    "line": {"strokeWidth": 1.75},
    "text": {"color": _SOFT, "fontSize": 12},
    "rule": {"color": _SOFT},
}


def chart(width: int, height: int | Spec, values: Sequence[Spec], **rest: Any) -> dict[str, Any]:
    """A specification that fills ``width`` pixels, axes included."""
    return {
        "$schema": SCHEMA,
        "config": CONFIG,
        "width": width,
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 2, "right": 8, "top": 4, "bottom": 2},
        "data": {"values": list(values)},
        **rest,
    }


def few(marks: Sequence[Spec], most: int, leads: Callable[[Spec], bool]) -> list[Spec]:
    """At most so many of ``marks``, in their order: those that lead, and of the others some, evenly chosen.

    A drawing of thousands of marks takes seconds and megabytes, and shows no more than one of hundreds.
    """
    if len(marks) <= most:
        return list(marks)
    first = [i for i, mark in enumerate(marks) if leads(mark)]
    rest = [i for i, mark in enumerate(marks) if not leads(mark)]
    chosen = _evenly(first, most)
    chosen += _evenly(rest, most - len(chosen))
    return [marks[i] for i in sorted(chosen)]


def _evenly(places: list[int], most: int) -> list[int]:
    if len(places) <= most:
        return places
    return [places[i * len(places) // most] for i in range(most)]


def description(row: Row, text: str) -> str:
    """A mark's description: the row that it shows, and the tooltip."""
    return f"{row.key} {text}"


def above(field: str) -> dict[str, Any]:
    """A layer of names above what they name: a long name needs no room beside it, on a phone least of all."""
    return {
        "transform": [{"aggregate": [], "groupby": [field]}],
        "mark": {"type": "text", "align": "left", "baseline": "bottom", "dy": -4, "color": _INK, "aria": False},
        "encoding": {
            "y": {"field": field, "type": "nominal", "sort": None, "axis": None},
            "x": {"value": 0},
            "text": {"field": field},
        },
    }
