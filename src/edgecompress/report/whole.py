"""The whole report: its sections in their order, and what is said above them."""

from datetime import UTC, datetime

from edgecompress import __version__
from edgecompress.report.document import Document
from edgecompress.report.found import Found
from edgecompress.report.sections.axes import axes
from edgecompress.report.sections.front import front
from edgecompress.report.sections.latency import latency
from edgecompress.report.sections.layers import layers
from edgecompress.report.sections.records import records
from edgecompress.report.sections.reproduction import reproduction
from edgecompress.report.sections.search import search
from edgecompress.report.sections.sizes import sizes
from edgecompress.report.sections.sustained import sustained

# The claim first, then what it costs, then how it came about; where it all comes from is last.
ORDER = (reproduction, axes, front, sizes, latency, sustained, layers, search, records)


def whole(found: Found, *, made: datetime | None = None) -> Document:
    """The report of these records. A section that has nothing to show is left out."""
    kinds = [source.kind for source in found.sources]
    counted = [f"{kinds.count(kind)} {_plural(kind, kinds.count(kind))}" for kind in dict.fromkeys(kinds)]
    now = (made or datetime.now(UTC)).astimezone(UTC)
    return Document(
        title="Compression report",
        made=f"{', '.join(counted)}. Made {now:%Y-%m-%d %H:%M} UTC by edgecompress {__version__}.",
        sections=tuple(section for make in ORDER if (section := make(found))),
        sources=found.sources,
    )


def _plural(kind: str, count: int) -> str:
    if count == 1:
        return kind
    return {"study": "studies", "search": "searches"}.get(kind, f"{kind}s")
