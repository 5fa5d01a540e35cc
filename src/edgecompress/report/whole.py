"""The whole report: its sections in their order, and the lines above them."""

from collections import Counter
from datetime import UTC, datetime

from edgecompress import __version__
from edgecompress.errors import InputError
from edgecompress.report.document import Document, Section
from edgecompress.report.found import FoundRecords
from edgecompress.report.sections.axes import axes
from edgecompress.report.sections.front import front
from edgecompress.report.sections.latency import latency
from edgecompress.report.sections.layers import layers
from edgecompress.report.sections.records import records
from edgecompress.report.sections.reproduction import reproduction
from edgecompress.report.sections.search import search
from edgecompress.report.sections.short import short
from edgecompress.report.sections.sizes import sizes
from edgecompress.report.sections.sustained import sustained

# The answers first, then the claim, then what it costs, then how it came about; where it all comes from is last.
ORDER = (short, reproduction, axes, front, sizes, latency, sustained, layers, search, records)


def whole(found: FoundRecords, *, made: datetime | None = None) -> Document:
    """The report of these records. A section that has nothing to show is left out.

    A record may keep to its schema and have figures that nothing can be computed from, such as a file of no bytes. Such
    a one is left out, with a note.

    Raises:
        InputError: that is so of all of them.
    """
    try:
        sections = _sections(found)
    except (ArithmeticError, ValueError):
        # Looked for only where there is one: of sound records, each section is computed once.
        unfit = {source.id: why for source in found.sources if (why := _why_not(FoundRecords((source,))))}
        if not unfit:
            raise
        found = found.without(unfit)
        if not found.sources:
            raise InputError(found.notes[-1]) from None
        sections = _sections(found)
    kinds = Counter(source.kind for source in found.sources)
    counted = [f"{count} {_plural(kind, count)}" for kind, count in kinds.items()]
    now = (made or datetime.now(UTC)).astimezone(UTC)
    return Document(
        title="Compression report",
        made=f"{', '.join(counted)}. Made {now:%Y-%m-%d %H:%M} UTC by edgecompress {__version__}.",
        sections=sections,
        sources=found.sources,
        left_out=found.notes,
    )


def _sections(found: FoundRecords) -> tuple[Section, ...]:
    return tuple(section for make in ORDER if (section := make(found)))


def _why_not(alone: FoundRecords) -> str:
    """The reason why no section can be made of one record; empty: they can."""
    try:
        _sections(alone)
    except (ArithmeticError, ValueError) as error:
        return f"its figures cannot be computed with ({error})"
    return ""


def _plural(kind: str, count: int) -> str:
    if count == 1:
        return kind
    return {"study": "studies", "search": "searches"}.get(kind, f"{kind}s")
