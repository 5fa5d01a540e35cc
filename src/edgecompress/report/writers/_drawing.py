"""Charts as SVG: Vega-Lite draws them when the page is written, so that it holds no library and needs no script."""

import math
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import vl_convert

from edgecompress.plain import plain
from edgecompress.report.document import Chart

WIDE, HALF, NARROW = 868, 424, 328
"""Widths in pixels: of the page's column, of half of it, and of a phone's. Text is never scaled down to fit."""

_SVG = "http://www.w3.org/2000/svg"
_LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
ElementTree.register_namespace("", _SVG)


def drawings(chart: Chart, keys: frozenset[str]) -> list[tuple[str, str]]:
    """The chart as SVG, once for each width that the page shows it at: (class, SVG).

    A mark whose description begins with one of ``keys`` gets two attributes for the page's script: ``data-row``, that
    key, and ``data-tooltip``, the rest. The drawing is hidden from screen readers: the page gives them the chart's
    label, the tooltip of each mark, and the table.

    Raises:
        ValueError: the renderer cannot draw it.
    """
    widths = [("half", HALF)] if chart.half else [("wide", WIDE)]
    return [(name, _svg(chart, width, keys)) for name, width in [*widths, ("narrow", NARROW)]]


def _svg(chart: Chart, width: int, keys: frozenset[str]) -> str:
    drawn = vl_convert.vegalite_to_svg(_fit(chart.draw(width)), vl_version="6.4")
    # What is parsed here is the renderer's own output, in which names from records are escaped text.
    root = ElementTree.fromstring(drawn)  # noqa: S314
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    for group in root.iter(f"{{{_SVG}}}g"):
        names = group.get("class", "").split()
        # One path is a whole line: its points answer to the pointer, and not the line.
        if "role-mark" in names and not {"mark-line", "mark-rule"} & set(names):
            for mark in group:
                key, _, tooltip = mark.get("aria-label", "").partition(" ")
                if key in keys:
                    mark.set("data-row", key)
                    mark.set("data-tooltip", tooltip)
    for element in root.iter():
        for name in ("role", "aria-roledescription", "aria-label"):
            element.attrib.pop(name, None)
        for name in ("d", "transform"):
            if name in element.attrib:
                element.set(name, _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.2f}", element.attrib[name]))
    return ElementTree.tostring(root, encoding="unicode")


def _fit(value: Any) -> Any:
    """A specification of what XML and JSON can hold: no control characters, and no infinite numbers.

    A mark with such a number stands nowhere, and is not drawn.
    """
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {_fit(key): _fit(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_fit(each) for each in value if not _boundless(each)]
    return None if _boundless(value) else value


def _boundless(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(isinstance(each, float) and not math.isfinite(each) for each in value.values())
    return isinstance(value, float) and not math.isfinite(value)
