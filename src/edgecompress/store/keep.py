"""Keeping a result in the store beside its file: what goes wrong here costs a warning, never the result."""

from collections.abc import Callable
from pathlib import Path

from edgecompress.errors import EdgecompressError
from edgecompress.record import Published
from edgecompress.store.place import NONE, place


def keep(record: Published, where: str | None, *, file: Path | None, warn: Callable[[str], None]) -> str | None:
    """Put ``record`` into the store at ``where`` (``None``: the user's own; ``none``: nowhere).

    Args:
        record: what was found.
        where: see ``place``.
        file: where it was written, for the warning.
        warn: called with the reason why it is not in the store, one line.

    Returns:
        Its id, or ``None`` where it was not kept.
    """
    if place(where) == NONE:
        return None
    again = f"; put it in later: edgecompress records import {file}" if file else ""
    try:
        # SQLAlchemy comes with the extra that measures; a record that was made without it is still a file.
        from edgecompress.store.store import open_store

        with open_store(where) as store:
            return store.add(record)[0]
    except ModuleNotFoundError as error:
        warn(
            f"the record is not in the store: {error.name} is not installed (pip install 'edgecompress[bench]'){again}"
        )
    except (EdgecompressError, OSError) as error:
        warn(f"the record is not in the store: {error}{again}")
    return None
