"""Markdown: headings, captions and tables, for an issue or a repository. The charts are left to the HTML page."""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from edgecompress.plain import plain
from edgecompress.report.document import Document, Figure

SUFFIX = ".md"


def markdown(document: Document, folder: Path) -> str:
    """The report as Markdown with GitHub's tables; records are linked as seen from ``folder``."""
    numbers = {source.id: f"R{i}" for i, source in enumerate(document.sources, 1)}
    parts = [f"# {document.title}", _escape(document.made)]
    for section in document.sections:
        parts += [f"## {section.title}", _escape(section.about)]
        for figure in section.figures:
            parts += _figure(figure, numbers)
    links = [
        f"- {numbers[source.id]}: {source.kind}, [{_escape(str(source.path))}]({quote(source.path_from(folder))})"
        for source in document.sources
    ]
    return "\n\n".join([*parts, "\n".join(links)]) + "\n"


def _figure(figure: Figure, numbers: dict[str, str]) -> list[str]:
    columns = figure.table.columns
    header = [f"{column.group}: {column.title}" if column.group else column.title for column in columns]
    lines = [
        _line([*header, "taken", "record"]),
        _line(["---" if column.words else "---:" for column in columns] + ["---", "---"]),
    ]
    for row in figure.table.rows:
        texts = [_escape(cell.text) for cell in row.cells]
        lines.append(_line([*texts, row.taken, ", ".join(numbers[record] for record in row.records)]))
    parts = [f"### {_escape(figure.title)}", _escape(figure.caption), "\n".join(lines)]
    if figure.notes:
        parts.append("\n".join(f"- **{_escape(note)}**" for note in figure.notes))
    if figure.details:
        parts.append("\n".join(f"- {_escape(detail)}" for detail in figure.details))
    return parts


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    """Names in records come from outside: none of them becomes a border, a link, an image or HTML."""
    text = plain(" ".join(text.split())).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", text)
