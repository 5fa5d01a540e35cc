"""The kinds of published records, and a record of any of them from a file or a store."""

from dataclasses import dataclass
from pathlib import Path

from edgecompress.advise.records import MicroRecord
from edgecompress.bench.records import BenchRecord
from edgecompress.errors import InputError
from edgecompress.manifest import Manifest
from edgecompress.record import Published, parse_json, read_bytes
from edgecompress.search.records import SearchRecord
from edgecompress.store.document import SHORT, checksum
from edgecompress.study.records import CellRecord

CLASSES: tuple[type[Published], ...] = (BenchRecord, Manifest, SearchRecord, CellRecord, MicroRecord)
KINDS = {each.kind: each for each in CLASSES}


def read(text: str | bytes, where: str) -> Published:
    """The record in a JSON document, of any kind and of any version up to this program's.

    Raises:
        InputError: it is none; the line begins with ``where``.
    """
    document = parse_json(text, where)
    keys = set(document) if isinstance(document, dict) else set()
    for each in CLASSES:
        if each.marks <= keys:
            return each.from_json(text, where)
    raise InputError(f"{where} is no record; records are of {', '.join(KINDS)}")


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
class Given:
    """A record that was named by its file or its id."""

    name: str
    id: str
    record: Published


def load(name: str, where: str | None) -> Given:
    """The record in the file ``name``, or the one in the store at ``where`` whose id begins so.

    Raises:
        InputError: there is neither, or it is no record.
    """
    if Path(name).is_file():
        record, text = read_file(Path(name))
        return Given(name, checksum(text), record)
    if Path(name).suffix or "/" in name:
        raise InputError(f"cannot read {name}: there is no such file")
    from edgecompress.store.store import open_store

    with open_store(where, create=False) as store:
        entry, text = store.get(name)
    return Given(name, entry.id, read(text, f"record {entry.id[:SHORT]}"))
