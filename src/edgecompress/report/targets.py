"""The targets that there are, as a document."""

from collections.abc import Sequence

from edgecompress.report import cells
from edgecompress.report.document import Cell, Column, Document, Figure, of_figures, table
from edgecompress.target import Target


def targets(profiles: Sequence[Target]) -> Document:
    """A row a board."""
    columns = (
        Column("target", words=True),
        Column("board", words=True),
        Column("cores"),
        Column("memory", "MiB", key="memory_mib"),
        Column("runtimes", words=True),
        Column("transport", words=True),
    )
    lines = [
        (
            cells.words(profile.name),
            cells.words(profile.title),
            cells.count(profile.cores),
            _memory(profile),
            cells.words(", ".join(profile.runtimes)),
            cells.words(profile.transport),
        )
        for profile in profiles
    ]
    return of_figures("Targets", [Figure("targets", "", "", table(columns, lines))], rows_of=("targets",), titled=False)


def _memory(profile: Target) -> Cell:
    """In MiB; a microcontroller's is its RAM."""
    if profile.ram_kib is not None:
        return Cell(f"{profile.ram_kib / 1024:g}", profile.ram_kib / 1024)
    return Cell(str(profile.memory_mib), profile.memory_mib)
