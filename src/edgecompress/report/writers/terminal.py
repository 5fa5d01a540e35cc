"""Terminal: tables in plain text, so that they read the same when piped; too wide a one in its parts."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table as RichTable

from edgecompress.report.console import columns, text_console
from edgecompress.report.document import Column, Document, Table

SUFFIX = ".txt"
MARK = "*"  # of a row that stands out


def terminal(document: Document, folder: Path) -> str:
    """The document as text. What follows from it comes last: that is where one looks. ``folder`` is not asked for."""
    del folder
    printer, stream = text_console(document.width or columns())

    def say(lines: Sequence[str], before: str = "") -> None:
        for line in lines:
            # Sentences in a window of any width are for the terminal to wrap, and for a pipe not at all.
            printer.print(f"{before}{line}", soft_wrap=not document.width)

    if document.titled:
        say((document.title, ""))
    say(document.above)
    for section in document.sections:
        say([each for each in (section.title.upper(), section.about, "") if section.title])
        for figure in section.figures:
            say([figure.title] if figure.title else [])
            for part in _parts(figure.table, printer.width):
                printer.print(part)
                printer.print()
            say([figure.caption, ""] if figure.caption else [])
            say(figure.warnings, "! ")
            say(figure.details)
            say([""] if figure.warnings or figure.details else [])
    say(document.first)
    say(document.warnings, "! ")
    say(document.details)
    legends = [figure.table.legend for figure in document.figures if figure.table.legend]
    say(["", *(f"{MARK} {legend}" for legend in legends)] if legends else [])
    say(document.conclusion)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()).rstrip() + "\n"


def _parts(table: Table, width: int) -> list[RichTable]:
    places = {column.id: place for place, column in enumerate(table.columns)}
    parts = [[places[key] for key in part] for part in table.parts] or [table.shown]
    if not table.parts and _width(table) > width:
        parts = _by_group(table)
    return [_part(table, part) for part in parts]


def _by_group(table: Table) -> list[list[int]]:
    """The columns of no group together, and those of each group, which all begin with the first column."""
    first, *others = table.shown
    groups = dict.fromkeys(table.columns[place].group for place in others)
    grouped = [[first, *(place for place in others if table.columns[place].group == group)] for group in groups]
    return grouped or [[first]]


def _width(table: Table) -> int:
    widest = (
        max([len(_heading(table.columns[place])), *(len(row.cells[place].text) for row in table.rows)]) + 2
        for place in table.shown
    )
    return sum(widest)


def _part(table: Table, places: list[int]) -> RichTable:
    columns = [table.columns[place] for place in places]
    drawn = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(map(_heading, columns)))
    for column in columns:
        drawn.add_column(_heading(column), justify="left" if column.words else "right", overflow="fold")
    for row in table.rows:
        first, *others = (row.cells[place].text for place in places)
        drawn.add_row(f"{first}{MARK}" if row.stands_out and table.mark else first, *others)
    return drawn


def _heading(column: Column) -> str:
    return f"{column.group}: {column.heading}" if column.group else column.heading
