"""The record of a search while it runs: written after each step, so that an interrupted search goes on from there."""

from pathlib import Path
from typing import Any

from edgecompress.record import write_atomically
from edgecompress.search.records import SearchRecord


class TrialJournal:
    """A record and the file that holds it.

    Args:
        path: of the file. What an earlier run left there is gone on with.
        empty: the record of a search that has not begun.

    Raises:
        InputError: the file is damaged.
    """

    def __init__(self, path: Path, empty: SearchRecord) -> None:
        self.path = path
        self.record = SearchRecord.from_file(path) if path.is_file() else empty

    def reload(self) -> None:
        """Take what another worker has kept meanwhile."""
        if self.path.is_file():
            self.record = SearchRecord.from_file(self.path)

    def keep(self, **changes: Any) -> None:
        """Change fields of the record, and write it."""
        self.record = self.record.model_copy(update=changes)
        write_atomically(self.path, self.record.to_json())
