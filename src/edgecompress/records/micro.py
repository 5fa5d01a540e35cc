"""Records of micro-benchmarks in the store: those there are, and a new one that is never lost."""

from collections.abc import Callable
from pathlib import Path

from edgecompress.advise.records import MicroRecord
from edgecompress.record import write_atomically
from edgecompress.store.document import checksum
from edgecompress.store.keep import keep
from edgecompress.store.place import NONE, place
from edgecompress.store.store import open_store


def kept(where: str | None, name: str) -> list[tuple[str, MicroRecord]]:
    """Ids and records of all micro-benchmarks of networks called ``name``, newest first; none where there is no store.

    Raises:
        InputError: the store cannot be used, or holds a record that is damaged or newer than this program.
    """
    path = Path(place(where))
    if place(where) == NONE or ("://" not in place(where) and not path.expanduser().exists()):
        return []
    with open_store(where, create=False) as store:
        entries = store.find(kind=MicroRecord.kind_name(), model=name)
        return [(entry.id, MicroRecord.from_json(store.get(entry.id)[1], entry.id)) for entry in entries]


def keep_or_write(record: MicroRecord, where: str | None, file: Path | None, *, warn: Callable[[str], None]) -> str:
    """Put the record into the store; where that fails and it is in no ``file`` yet, write it beside. Its id."""
    number = keep(record, where, file=file, warn=warn)
    if number is None and file is None:
        spare = Path(f"{record.kind}-{record.network.name}-{checksum(record.to_json())[:12]}.json")
        write_atomically(spare, record.to_json())
        warn(f"the record was written to {spare}")
    return number or checksum(record.to_json())
