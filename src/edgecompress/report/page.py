"""The report of the records in one folder, as a page."""

from pathlib import Path

from edgecompress import heap
from edgecompress.record import write_atomically
from edgecompress.report.found import find
from edgecompress.report.whole import whole
from edgecompress.report.writers.html import html
from edgecompress.report.writers.markdown import markdown


def write_page(records: Path, name: Path) -> tuple[Path, str]:
    """Write the report of the records in a folder as ``name`` with the ending of its format.

    Returns:
        The file, and what is not installed where it is Markdown, because HTML cannot be made; empty where it can.
    """
    with heap.uncollected():
        document = whole(find([records]))
        try:
            path, text, missing = Path(f"{name}.html"), html(document, name.parent), ""
        except ModuleNotFoundError as error:
            path, text, missing = Path(f"{name}.md"), markdown(document, name.parent), error.name or "a package"
        write_atomically(path, text)
    return path, missing
