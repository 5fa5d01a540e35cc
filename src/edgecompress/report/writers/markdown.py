"""Markdown: headings, captions and tables, for an issue or a repository. The charts are left to the HTML page."""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from edgecompress.plain import plain
from edgecompress.report.document import Document, Figure, Row, Table

SUFFIX = ".md"


def markdown(document: Document, folder: Path) -> str:
    """The document as Markdown with GitHub's tables; records are linked as seen from ``folder``."""
    numbers = {source.id: f"R{i}" for i, source in enumerate(document.sources, 1)}
    # A document of one question is a part of something: an issue, a README.
    whole = any(section.title for section in document.sections)
    parts = [f"{'#' if whole else '##'} {_escape(document.title)}", _escape(document.made)]
    parts += map(_escape, document.above)
    conclusion = [_escape(line) for line in document.conclusion]
    for section in document.sections:
        parts += [f"## {section.title}" if section.title else "", _escape(section.about)]
        for figure in section.figures:
            parts += [*_figure(figure, numbers), *conclusion]
            conclusion = []
    parts += [*conclusion, *map(_escape, document.first)]
    parts += [_list(document.warnings, "**"), _list(document.details)]
    links = [
        f"- {numbers[source.id]}: {source.kind}, [{_escape(str(source.path))}]({quote(source.path_from(folder))})"
        for source in document.sources
    ]
    return "\n\n".join(part for part in (*parts, "\n".join(links)) if part) + "\n"


def _figure(figure: Figure, numbers: dict[str, str]) -> list[str]:
    title = f"### {_escape(figure.title)}" if figure.title else ""
    return [
        title,
        _escape(figure.caption),
        _table(figure.table, numbers),
        _list(figure.warnings, "**"),
        _list(figure.details),
    ]


def _table(table: Table, numbers: dict[str, str]) -> str:
    columns = [table.columns[place] for place in table.shown]
    header = [f"{column.group}: {column.title}" if column.group else column.title for column in columns]
    rules = ["---" if column.words else "---:" for column in columns]
    lines = [_line(map(_escape, header), table, ("taken", "record")), _line(rules, table, ("---", "---"))]
    for row in table.rows:
        records = ", ".join(numbers[record] for record in row.records)
        lines.append(_line(_cells(row, table), table, (str(row.taken), records)))
    return "\n".join(lines)


def _cells(row: Row, table: Table) -> list[str]:
    first, *others = (_escape(row.cells[place].text) for place in table.shown)
    return [f"**{first}** ({_escape(table.mark)})" if row.stands_out and table.mark else first, *others]


def _line(cells: "Sequence[str] | map[str]", table: Table, origin: tuple[str, str]) -> str:
    return f"| {' | '.join((*cells, *(origin if table.traced else ())))} |"


def _list(lines: Sequence[str], strong: str = "") -> str:
    return "\n".join(f"- {strong}{_escape(line)}{strong}" for line in lines)


def _escape(text: str) -> str:
    """Names in records come from outside: none of them becomes a border, a link, an image or HTML."""
    text = plain(" ".join(text.split())).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", text)
