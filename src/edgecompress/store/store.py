"""The store itself: records go in once, are found by what they are of, and come out as the text that went in."""

import datetime
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, create_engine, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from edgecompress.errors import InputError
from edgecompress.record import Published
from edgecompress.store.document import SHORT, checksum
from edgecompress.store.place import place, url
from edgecompress.store.tables import LAYOUT, LAYOUTS, METADATA, RECORDS, RUNTIMES

WAIT_SECONDS = 60  # for another process that writes
_LOCK = 0x65636F6D  # PostgreSQL's advisory lock while tables are made; any number that no other program takes
COLUMNS = ("kind", "model", "data", "device", "target", "taken")


@dataclass(frozen=True)
class Entry:
    """The entry of a record: what is known without reading it."""

    id: str
    kind: str
    schema_version: int
    created: str
    model: str
    data: str
    device: str
    target: str
    taken: str
    runtimes: tuple[str, ...]


class Store:
    """An open store. Processes may use one at the same time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.where = engine.url.render_as_string() if engine.name != "sqlite" else str(engine.url.database)

    def add(self, record: Published, document: str | None = None) -> tuple[str, bool]:
        """Put a record in. ``document`` is the JSON text it was read from; ``None``: the record's own.

        Returns:
            Its id, and whether it is new: a document that is there already is left as it is.
        """
        document = record.to_json() if document is None else document
        about, number = record.about(), checksum(document)
        row = {
            "id": number,
            "kind": record.kind,
            "schema_version": json.loads(document).get("schema_version", record.version()),
            "created": about.created or datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "document": document,
            **{name: getattr(about, name) for name in COLUMNS if name != "kind"},
        }
        with self._begin() as connection:
            insert = _insert(connection, RECORDS).values(row).on_conflict_do_nothing().returning(RECORDS.c.id)
            new = connection.execute(insert).first() is not None
            for runtime in about.runtimes if new else ():
                connection.execute(RUNTIMES.insert().values(id=number, runtime=runtime))
        return number, new

    def find(self, *, runtime: str | None = None, limit: int | None = None, **wanted: str | None) -> list[Entry]:
        """The records with these values, newest first. ``wanted``: any of ``COLUMNS``; ``None`` is any value."""
        query = _entries()
        for name, value in wanted.items():
            assert name in COLUMNS
            if value is not None:
                query = query.where(RECORDS.c[name] == value)
        if runtime is not None:
            query = query.where(RECORDS.c.id.in_(select(RUNTIMES.c.id).where(RUNTIMES.c.runtime == runtime)))
        query = query.order_by(RECORDS.c.created.desc(), RECORDS.c.id).limit(limit)
        with self._begin() as connection:
            return _read(connection, query)

    def get(self, beginning: str) -> tuple[Entry, str]:
        """The record whose id begins so, and its JSON text.

        Raises:
            InputError: there is none, or more than one, or what is stored is not what was put in.
        """
        number = beginning.lower()
        query = _entries().where(RECORDS.c.id.startswith(number, autoescape=True)).order_by(RECORDS.c.id).limit(3)
        with self._begin() as connection:
            found = _read(connection, query)
            if not found or not number:
                raise InputError(f"no record in {self.where} has the id '{beginning}': see 'edgecompress records list'")
            if len(found) > 1:
                given = ", ".join(entry.id[: max(SHORT, len(number) + 4)] for entry in found)
                raise InputError(f"the id '{beginning}' can be any of {given}: give more of it")
            query = select(RECORDS.c.document).where(RECORDS.c.id == found[0].id)
            document: str = connection.execute(query).scalar_one()
        try:
            sound = checksum(document) == found[0].id
        except (ValueError, RecursionError):
            sound = False
        if not sound:
            raise InputError(
                f"record {found[0].id[:SHORT]} in {self.where} is damaged: its checksum differs; import it anew from "
                "its file into another store"
            )
        return found[0], document

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with one_line_errors(self.where), self._engine.begin() as connection:
            yield connection


@contextmanager
def open_store(given: str | None = None, *, create: bool = True) -> Iterator[Store]:
    """The store at ``given``, see ``place``. ``create``: make it where it is not there.

    Raises:
        InputError: it cannot be used, or is not there; the line names it and the reason.
        ModuleNotFoundError: the database's driver is not installed.
    """
    address = url(place(given))
    path = Path(address.database or "") if address.get_backend_name() == "sqlite" else None
    options: dict[str, Any] = {}
    if path is not None:
        options = {"timeout": WAIT_SECONDS}
        if not create and not path.exists():
            raise InputError(f"there is no store in {path} yet: 'bench', 'build' and 'records import' make it")
        if create:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(f"cannot make a store in {path}: {error.strerror}; give --store") from error
    # No pool: a command uses one connection after the other, and a file is closed when that is done.
    engine = create_engine(address, poolclass=NullPool, connect_args=options)
    store = Store(engine)
    with one_line_errors(store.where), engine.begin() as connection:
        _prepare(connection)
    yield store


@contextmanager
def one_line_errors(where: str) -> Iterator[None]:
    """Turn an error of the database into one line."""
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise InputError(f"the store {where} cannot be used: {reason}; mend that, or give another: --store") from error


def _prepare(connection: Connection) -> None:
    """Make the tables where they are not there.

    Raises:
        InputError: they are of a newer layout.
    """
    if not inspect(connection).has_table(LAYOUTS.name):
        # Two processes may come here at the same time; the second waits, and finds the tables.
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        for table in METADATA.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in sorted(table.indexes, key=lambda each: str(each.name)):
                connection.execute(CreateIndex(index, if_not_exists=True))
        connection.execute(_insert(connection, LAYOUTS).values(layout=LAYOUT).on_conflict_do_nothing())
    newest = max(connection.execute(select(LAYOUTS.c.layout)).scalars(), default=LAYOUT)
    if newest > LAYOUT:
        raise InputError(f"the store is of layout {newest}, newer than this edgecompress; install a newer edgecompress")


def _insert(connection: Connection, table: Any) -> Any:
    """An insert that can leave alone what is there; each database has its own."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def _entries() -> Select[Any]:
    return select(*(column for column in RECORDS.c if column.name != "document"))


def _read(connection: Connection, query: Select[Any]) -> list[Entry]:
    rows: list[Mapping[str, Any]] = [row._asdict() for row in connection.execute(query)]
    runtimes: dict[str, list[str]] = {row["id"]: [] for row in rows}
    pairs = select(RUNTIMES.c.id, RUNTIMES.c.runtime).order_by(RUNTIMES.c.runtime)
    numbers = list(runtimes)
    # Databases limit how many values one statement takes.
    for start in range(0, len(numbers), 500):
        for number, runtime in connection.execute(pairs.where(RUNTIMES.c.id.in_(numbers[start : start + 500]))):
            runtimes[number].append(runtime)
    return [Entry(**row, runtimes=tuple(runtimes[row["id"]])) for row in rows]
