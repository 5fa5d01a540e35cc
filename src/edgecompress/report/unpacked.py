"""Files that were unpacked, as a document."""

from collections.abc import Sequence
from pathlib import Path

from edgecompress.report import cells
from edgecompress.report.document import Column, Document, Figure, of_figures, table


def unpacked(files: Sequence[Path]) -> Document:
    """A row for each file that was written, the model first."""
    columns = (Column("file", words=True), Column("bytes"))
    lines = [(cells.words(str(file)), cells.count(file.stat().st_size)) for file in files]
    return of_figures("Unpacked", [Figure("files", "", "", table(columns, lines))], rows_of=("files",), titled=False)
