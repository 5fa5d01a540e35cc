"""The kinds of versioned documents, and a record of any of them from a file or a store."""

from dataclasses import dataclass
from pathlib import Path

from edgecompress.advise.advice import Advice
from edgecompress.advise.records import MicroRecord
from edgecompress.bench.records import BenchRecord
from edgecompress.compare.records import CompareRecord
from edgecompress.errors import InputError
from edgecompress.manifest import Manifest
from edgecompress.record import Published, Versioned, parse_json, read_bytes
from edgecompress.search.objectives import FrontRecord
from edgecompress.search.records import SearchRecord
from edgecompress.store.document import SHORT, checksum
from edgecompress.study.records import CellRecord, StudyIndex

_CLASSES: tuple[type[Versioned], ...] = (
    Manifest,
    BenchRecord,
    SearchRecord,
    FrontRecord,
    CellRecord,
    StudyIndex,
    MicroRecord,
    Advice,
    CompareRecord,
)
KINDS: dict[str, type[Versioned]] = {each.kind_name(): each for each in _CLASSES}
"""All kinds of versioned documents by name."""
STORED: dict[str, type[Published]] = {name: each for name, each in KINDS.items() if issubclass(each, Published)}
"""Those that a store keeps."""


def kind_of(document: object) -> type[Versioned] | None:
    """The class that reads a parsed document: of its ``kind``, or that an older one has the marks of.

    ``None``: it is no record.
    """
    if not isinstance(document, dict):
        return None
    kind = document.get("kind")
    if isinstance(kind, str) and kind in KINDS:
        return KINDS[kind]
    return next((each for each in KINDS.values() if each.marks <= document.keys()), None)


def read(text: str | bytes, where: str) -> Published:
    """The record in a JSON document, of any kind that is kept and of any version up to this program's.

    Raises:
        InputError: it is none; the line begins with ``where``.
    """
    found = kind_of(parse_json(text, where))
    if found is None or not issubclass(found, Published):
        raise InputError(f"{where} is no record that is kept; those are of {', '.join(STORED)}")
    return found.from_json(text, where)


def read_file(path: Path) -> tuple[Published, str]:
    """The record in a file, and the file's text.

    Raises:
        InputError: it cannot be read, or is none.
    """
    try:
        text = read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read {path}: {error}") from error
    return read(text, str(path)), text


@dataclass(frozen=True)
class NamedRecord:
    """A record that was named by its file or its id."""

    name: str
    id: str
    record: Published


def load(name: str, where: str | None) -> NamedRecord:
    """The record in the file ``name``, or the one in the store at ``where`` whose id begins so.

    Raises:
        InputError: there is neither, or it is no record.
    """
    if Path(name).is_file():
        record, text = read_file(Path(name))
        return NamedRecord(name, checksum(text), record)
    if Path(name).suffix or "/" in name:
        raise InputError(f"cannot read {name}: there is no such file")
    from edgecompress.store.store import open_store

    with open_store(where, create=False) as store:
        entry, text = store.get(name)
    return NamedRecord(name, entry.id, read(text, f"record {entry.id[:SHORT]}"))
