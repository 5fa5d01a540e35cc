"""Records from files into a store, and out of it into files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecompress.errors import InputError
from edgecompress.record import write_atomically
from edgecompress.records import kinds
from edgecompress.store.document import SHORT
from edgecompress.store.store import Entry, Store


@dataclass(frozen=True)
class Imported:
    """The result of importing one file."""

    path: Path
    id: str
    new: bool


def import_files(store: Store, paths: Sequence[Path], *, warn: Callable[[str], None]) -> list[Imported]:
    """Put the records of ``paths`` into ``store``. All files are read before the first goes in.

    A folder stands for all JSON files in it, at any depth; what is no record there is left out, with a warning.

    Raises:
        InputError: a file that was named is no record, or a folder holds none.
    """
    found = []
    for path in paths:
        if not path.is_dir():
            found.append((path, *kinds.read_file(path)))
            continue
        inside = []
        for each in sorted(path.rglob("*.json")):
            try:
                inside.append((each, *kinds.read_file(each)))
            except InputError as error:
                warn(f"left out: {error}")
        if not inside:
            raise InputError(f"the folder {path} holds no record: give one of 'bench' or 'build', or a JSON file")
        found += inside
    return [Imported(path, *store.add(record, text)) for path, record, text in found]


def export_files(store: Store, entries: Sequence[Entry], folder: Path) -> list[Path]:
    """Write the records into ``folder`` as they went in, each as ``KIND-ID.json``; the files, in that order.

    Raises:
        InputError: the folder cannot be made, or a record is damaged.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; choose another folder with --output")
    written = []
    for entry in entries:
        path = folder / f"{entry.kind}-{entry.id[:SHORT]}.json"
        write_atomically(path, store.get(entry.id)[1])
        written.append(path)
    return written
