"""The records in a store as a document."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgecompress.report import cells
from edgecompress.report.document import Cell, Column, Document, Figure, of_figures, table
from edgecompress.store.document import SHORT

if TYPE_CHECKING:
    from edgecompress.store.store import Entry

_COLUMNS = ("id", "kind", "created", "model", "data", "device", "target", "taken")


def kept(entries: "Sequence[Entry]") -> Document:
    """A row a record. An id is whole for programs, and its beginning for people."""
    lines = [
        (Cell(entry.id[:SHORT], entry.id), *(cells.words(getattr(entry, name)) for name in _COLUMNS[1:]))
        for entry in entries
    ]
    columns = [Column(name, words=True) for name in _COLUMNS]
    return of_figures("Records", [Figure("records", "", "", table(columns, lines))], rows_of=("records",), titled=False)
