"""CSV, for a spreadsheet or pandas: a line a row where a document's rows are of one kind, and else a line a figure."""

import csv as standard_csv
import io
from pathlib import Path

from edgecompress.plain import plain
from edgecompress.report.document import Document, Figure, Value

SUFFIX = ".csv"
FIELDS = ("section", "figure", "row", "group", "quantity", "unit", "value", "taken", "records")
# A spreadsheet takes a text that begins so for a formula, and names in records come from outside.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv(document: Document, folder: Path) -> str:
    """The document as CSV (RFC 4180) with a header. Numbers are as measured, not rounded.

    Where ``rows_of`` names figures, a line is a row of theirs, and what was not measured is empty. Else a line is a
    figure: which table, row and quantity, value, unit, origin; what was not measured has none. ``records`` are the
    paths of the files as seen from ``folder``, with a semicolon between.
    """
    stream = io.StringIO()
    writer = standard_csv.writer(stream)
    figures = [figure for figure in document.figures if figure.key in document.rows_of]
    writer.writerows(_rows(figures) if document.rows_of else _values(document, folder))
    return stream.getvalue()


def _rows(figures: list[Figure]) -> list[tuple[Value, ...]]:
    header = tuple(column.id for column in figures[0].table.columns)
    rows = (row for figure in figures for row in figure.table.rows)
    return [header, *(tuple(_plain(cell.value) for cell in row.cells) for row in rows)]


def _values(document: Document, folder: Path) -> list[tuple[Value, ...]]:
    paths = {source.id: source.path_from(folder) for source in document.sources}
    lines: list[tuple[Value, ...]] = [FIELDS]
    for section in document.sections:
        for figure in section.figures:
            titles = (section.title, _plain(figure.title))
            columns = figure.table.columns
            # A row is named by its first words.
            of = next((place for place, column in enumerate(columns) if column.words), 0)
            quantities = [(each.group, each.name, each.unit) for place, each in enumerate(columns) if place != of]
            for row in figure.table.rows:
                name, records = _plain(row.cells[of].text), _plain(";".join(paths[record] for record in row.records))
                lines += [
                    (*titles, name, *quantity, _plain(cell.value), row.taken, records)
                    for quantity, cell in zip(quantities, (*row.cells[:of], *row.cells[of + 1 :]), strict=True)
                    if cell.value is not None
                ]
    return lines


def _plain(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    text = plain(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
