"""The source of every figure: the records, what wrote them, when and on what."""

from collections.abc import Callable
from typing import Any

from edgecompress.report import cells
from edgecompress.report.document import Column, Figure, Row, Section, Table, Taken
from edgecompress.report.found import FoundRecords, RecordSource, how_taken


def records(found: FoundRecords) -> Section:
    """A line for each record."""
    columns = (
        Column("what", words=True),
        Column("of", words=True),
        Column("on", words=True),
        Column("written", "UTC", words=True),
        Column("by edgecompress", words=True),
        Column("file", words=True),
        Column("SHA-256 of the file", words=True),
    )
    rows: list[Row] = []
    for source in found.sources:
        of, where, when, taken = _SAYS[source.kind](source.record)
        row = Row(
            key=f"provenance-{len(rows)}",
            cells=(
                cells.words(source.kind),
                cells.words(of),
                cells.words(where),
                cells.words(when),
                cells.words(_version(source)),
                cells.words(str(source.path)),
                cells.words(source.sha256),
            ),
            taken=taken,
            records=(source.id,),
        )
        rows.append(row)
    caption = (
        "Measured: by a run on the machine named. Emulated: on an emulated processor, whose times are shown nowhere. "
        "Estimated: computed from other figures. Each table says so line by line, and names its records."
    )
    figure = Figure(
        "provenance", "All records of this page", caption, Table(columns, tuple(rows)), warnings=found.notes
    )
    return Section("records", "Records", "This page is made from these files and from nothing else.", (figure,))


def _version(source: RecordSource) -> str:
    record: Any = source.record
    version: str = record.tool_version
    return version


def _bundle(record: Any) -> tuple[str, str, str, Taken]:
    return f"{record.model.name}, {record.data.name}, for {record.target.name}", "", record.created, "measured"


def _benchmark(record: Any) -> tuple[str, str, str, Taken]:
    of = f"{record.bundle.model}, {record.bundle.data}, for {record.bundle.target}"
    board = record.before.board or record.before.cpu or "unknown processor"
    return of, f"{record.device.address}: {board}", record.created, record.taken


def _search(record: Any) -> tuple[str, str, str, Taken]:
    return f"{record.model}, {record.data}", "", "", "measured"


def _cell(record: Any) -> tuple[str, str, str, Taken]:
    machine = record.machine
    return record.cell.name, machine.gpu or machine.cpu or machine.machine, record.taken, how_taken(record)


def _study(record: Any) -> tuple[str, str, str, Taken]:
    return f"{record.study}, {len(record.cells)} cells", "", record.taken, "measured"


_SAYS: dict[str, Callable[[Any], tuple[str, str, str, Taken]]] = {
    "bundle": _bundle,
    "benchmark": _benchmark,
    "search": _search,
    "study cell": _cell,
    "study": _study,
}
