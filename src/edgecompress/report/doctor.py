"""An examination of a device as a document."""

from collections.abc import Sequence

from edgecompress.bench.doctor import Finding
from edgecompress.report import cells
from edgecompress.report.document import Cell, Column, Document, Figure, of_figures, table

_STATES = {"good": "ok", "doubtful": "warning", "bad": "FAULT", "unknown": "unknown"}


def doctor(device: str, findings: Sequence[Finding]) -> Document:
    """A row for each thing that was looked at on a device: its state, what was found, and how to mend it."""
    columns = (
        Column("state", words=True),
        Column("subject", words=True),
        Column("found", words=True),
        Column("how to mend it", words=True, key="mend"),
    )
    lines = [
        (
            Cell(_STATES[finding.state], finding.state),
            cells.words(finding.subject),
            cells.words(finding.found),
            Cell(finding.mend, finding.mend or None),
        )
        for finding in findings
    ]
    figure = Figure("findings", "", "", table(columns, lines))
    return of_figures(f"State of {device}", [figure], rows_of=("findings",), titled=False)
