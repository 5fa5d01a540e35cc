"""Charts as SVG: Vega-Lite draws them when the page is written, so that it holds no library and needs no script."""

import re
from collections.abc import Iterable
from xml.etree import ElementTree

import vl_convert

from edgecompress.report.document import Chart

WIDE, HALF, NARROW = 868, 424, 328
"""Widths in pixels: of the page's column, of half of it, and of a phone's. Text is never scaled down to fit."""

_SVG = "http://www.w3.org/2000/svg"
_LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
ElementTree.register_namespace("", _SVG)


def drawings(chart: Chart, keys: Iterable[str]) -> list[tuple[str, str]]:
    """The chart as SVG, once for each width that the page shows it at: (class, SVG).

    A mark whose description begins with one of ``keys`` gets two attributes for the page's script: ``data-row``, that
    key, and ``data-says``, the rest. The drawing is hidden from screen readers: the page gives them the chart's label,
    what each mark says, and the table.
    """
    known = frozenset(keys)
    widths = [("half", HALF)] if chart.half else [("wide", WIDE)]
    return [(name, _svg(chart, width, known)) for name, width in [*widths, ("narrow", NARROW)]]


def _svg(chart: Chart, width: int, keys: frozenset[str]) -> str:
    drawn = vl_convert.vegalite_to_svg(dict(chart.draw(width)), vl_version="6.4")
    # What is parsed here is the renderer's own output, in which names from records are escaped text.
    root = ElementTree.fromstring(drawn)  # noqa: S314
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    for group in root.iter(f"{{{_SVG}}}g"):
        names = group.get("class", "").split()
        # One path is a whole line: its points answer to the pointer, and not the line.
        if "role-mark" in names and not {"mark-line", "mark-rule"} & set(names):
            for mark in group:
                key, _, says = mark.get("aria-label", "").partition(" ")
                if key in keys:
                    mark.set("data-row", key)
                    mark.set("data-says", says)
    for element in root.iter():
        for name in ("role", "aria-roledescription", "aria-label"):
            element.attrib.pop(name, None)
        for name in ("d", "transform"):
            if name in element.attrib:
                element.set(name, _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.2f}", element.attrib[name]))
    return ElementTree.tostring(root, encoding="unicode")
