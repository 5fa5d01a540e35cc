"""CSV: a line a figure, for a spreadsheet or pandas: which table, which row, which quantity, value, unit, origin."""

import csv as standard_csv
import io
from pathlib import Path

from edgecompress.plain import plain
from edgecompress.report.document import Document, Value

SUFFIX = ".csv"
FIELDS = ("section", "figure", "row", "group", "quantity", "unit", "value", "taken", "records")
# A spreadsheet takes a text that begins so for a formula, and names in records come from outside.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv(document: Document, folder: Path) -> str:
    """The report as CSV (RFC 4180) with a header. Numbers are as measured, not rounded; what was not is left out.

    ``records`` are the paths of the files as seen from ``folder``, with a semicolon between.
    """
    paths = {source.id: source.path_from(folder) for source in document.sources}
    stream = io.StringIO()
    writer = standard_csv.writer(stream)
    writer.writerow(FIELDS)
    for section in document.sections:
        for figure in section.figures:
            titles = (section.title, _plain(figure.title))
            quantities = [(column.group, column.name, column.unit) for column in figure.table.columns[1:]]
            for row in figure.table.rows:
                name, records = _plain(row.cells[0].text), _plain(";".join(paths[record] for record in row.records))
                writer.writerows(
                    (*titles, name, *quantity, _plain(cell.value), row.taken, records)
                    for quantity, cell in zip(quantities, row.cells[1:], strict=True)
                    if cell.value is not None
                )
    return stream.getvalue()


def _plain(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    text = plain(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
