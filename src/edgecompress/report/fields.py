"""A record of settings as a document, for a device and a target's profile alike."""

from collections.abc import Iterator, Mapping
from typing import Any

from edgecompress.record import Record
from edgecompress.report import cells
from edgecompress.report.document import Cell, Column, Document, Figure, of_figures, table


def fields(name: str, record: Record) -> Document:
    """A row for each field of the record ``name``; a field of a record inside it has both names, with a dot between."""
    columns = (Column("", words=True, key="field"), Column("", words=True, key="value"))
    lines = [(cells.words(field), cell) for field, cell in _cells(record.model_dump(mode="json"))]
    return of_figures(name, [Figure("fields", "", "", table(columns, lines))], rows_of=("fields",), titled=False)


def _cells(document: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Cell]]:
    for field, value in document.items():
        if isinstance(value, dict):
            yield from _cells(value, f"{within}{field}.")
        elif isinstance(value, list):
            yield f"{within}{field}", cells.words(", ".join(map(str, value)))
        elif isinstance(value, bool):
            yield f"{within}{field}", Cell("yes" if value else "no", value)
        else:
            known = None if value == "" else value
            yield f"{within}{field}", Cell(cells.NONE if known is None else str(known), known)
