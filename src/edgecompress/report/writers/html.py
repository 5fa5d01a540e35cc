"""HTML: one file with everything in it, that asks no network for anything, reads on paper too, and needs no script."""

import base64
import gzip
import hashlib
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from edgecompress.plain import plain
from edgecompress.report.document import Chart, Column, Document, Table

SUFFIX = ".html"
_TEMPLATES = Path(__file__).parents[1] / "templates"
LONG = 14
"""Tables with more rows are folded beneath their chart."""
DRAWN = 20
"""Of a section with more figures than these, the first are drawn: a drawing takes time, and bytes of the page."""
EMBEDDED = 64 << 20
"""Records of more bytes than these together are linked, and not in the page."""


def html(document: Document, folder: Path) -> str:
    """The document as a page; records are linked as seen from ``folder``, and each is in the page, byte by byte.

    Whatever comes from a record is escaped, and the page's content security policy lets no script run but its own and
    nothing be fetched.

    Raises:
        ModuleNotFoundError: the extra ``report`` is not installed.
    """
    import jinja2
    from markupsafe import Markup

    from edgecompress.report.writers._drawing import drawings
    from edgecompress.report.writers._rows import rows

    script, style = ((_TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.js", "page.css"))
    keys = frozenset(row.key for figure in document.figures for row in figure.table.rows)

    def drawn(chart: Chart) -> tuple[list[tuple[str, str]], str]:
        try:
            return [(name, Markup(svg)) for name, svg in drawings(chart, keys)], ""  # noqa: S704 - escaped there
        except ValueError as error:  # the renderer's own words are a page of JavaScript
            return [], (str(error).splitlines() or ["no reason given"])[0]

    numbers = {source.id: f"R{i}" for i, source in enumerate(document.sources, 1)}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Names in records come from outside: control characters in them are shown as escapes.
        finalize=lambda value: plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    return environment.get_template("page.html.j2").render(
        document=document,
        script=Markup(script),  # noqa: S704 - our own file
        style=Markup(style),  # noqa: S704 - our own file
        hashes={"script": _digest(script), "style": _digest(style)},
        numbers=numbers,
        rows=lambda table: rows(table, numbers),
        links={source.id: quote(source.path_from(folder)) for source in document.sources},
        drawn=drawn,
        most_drawn=DRAWN,
        embedded=sum(source.size for source in document.sources) <= EMBEDDED,
        heads=_heads,
        packed=_packed,
        long=LONG,
    )


def _heads(table: Table) -> list[tuple[str, list[Column]]]:
    """Neighbouring columns under their common heading."""
    columns = (table.columns[place] for place in table.shown)
    return [(group, list(members)) for group, members in groupby(columns, key=lambda column: column.group)]


def _packed(content: bytes) -> str:
    """A file's bytes for the page: a record of raw samples is a megabyte otherwise."""
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


def _digest(text: str) -> str:
    """The hash by which a content security policy knows an inline script or style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
