"""The rows of a page's tables. There can be a million cells, and a template takes ten times as long for one."""

from collections.abc import Mapping
from functools import lru_cache

from markupsafe import Markup, escape

from edgecompress.plain import plain
from edgecompress.report.document import Table

LONG = 36
"""Characters of a cell of words from which on it may be wrapped."""


def rows(table: Table, numbers: Mapping[str, str]) -> Markup:
    """The rows of ``table`` as HTML, with links to its records, whose names on the page are ``numbers``.

    Names in records come from outside: every text is escaped, and control characters in it are shown as escapes.
    """
    figures = [not column.words for column in table.columns]
    shown, traced = table.shown, table.traced
    lines: list[str] = []
    for row in table.rows:
        emphasis = ' class="stands-out"' if row.stands_out else ""
        lines.append(f'<tr id="{_text(row.key)}"{emphasis}>')
        for place in shown:
            cell = row.cells[place]
            text = _text(cell.text)
            if place == shown[0]:
                text += f" ({_text(table.mark)})" if row.stands_out and table.mark else ""
                lines.append(f'<th scope="row">{text}</th>')
            elif figures[place]:
                lines.append(f'<td class="figure">{text}</td>')
            elif len(cell.text) > LONG:
                lines.append(f'<td class="long">{text}</td>')
            else:
                lines.append(f"<td>{text}</td>")
        if not traced:
            lines.append("</tr>")
            continue
        taken = _text(row.taken or "")
        lines.append(f'<td><span class="taken {taken}">{taken}</span></td>')
        links = (
            f'<a href="#{_text(record)}" aria-label="record {numbers[record]}">{numbers[record]}</a> '
            for record in row.records
        )
        lines.append(f'<td class="links">{"".join(links)}</td>\n</tr>')
    return Markup("\n".join(lines))  # noqa: S704 - all texts are escaped above


@lru_cache(1 << 16)
def _text(text: str) -> str:
    return str(escape(plain(text)))
