"""The base of every record of this package: frozen, strict about unknown keys, JSON in and out, atomic writes."""

import json
import os
import re
import typing
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from edgecompress import methods, temporary
from edgecompress.errors import InputError
from edgecompress.wording import first_error, place

MIGRATIONS = "edgecompress.migrations"
_NUMBERS = re.compile(r"\[\n((?:\s*-?\d[\d.eE+-]*,\n)*\s*-?\d[\d.eE+-]*)\n\s*\]")
MOST_BYTES = 1 << 28
"""Of a record's file: hundreds of times what the longest benchmark writes."""


class Record(BaseModel):
    """A frozen JSON document. Unknown keys are refused, so that a misspelt one is never silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_json(self) -> str:
        """The record as indented JSON text with a final newline, an array of numbers on one line."""
        return short_arrays(self.model_dump_json(indent=2)) + "\n"

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The record in a JSON file.

        Raises:
            InputError: the file is absent, not JSON, or not of this schema; one line says where.
        """
        try:
            return cls.model_validate_json(read_bytes(path))
        except ValidationError as error:
            raise InputError(f"{path}: {first_error(error, cls)}") from error

    @classmethod
    def from_table(cls, table: dict[str, Any], where: str | Callable[[str], str]) -> Self:
        """The record in a parsed TOML table; ``where`` names the source in an error, by the key where it depends on it.

        Raises:
            InputError: the table is not of this schema.
        """
        try:
            made = cls.model_validate(table)
        except ValidationError as error:
            source = _source(where, place(error.errors(include_url=False)[0]["loc"]))
            raise InputError(f"{source}: {first_error(error, cls)}") from error
        if key := _no_number(table, made.model_dump()):
            raise InputError(f"{_source(where, key)}: {key} must be a number: neither a truth value nor in quotes")
        return made


@dataclass(frozen=True)
class About:
    """The subject of a published record: what a store looks records up by. What a kind does not know is empty."""

    created: str  # UTC, ISO 8601
    model: str = ""
    data: str = ""
    device: str = ""
    target: str = ""
    runtimes: tuple[str, ...] = ()
    taken: str = ""  # measured, emulated or estimated


class Versioned(Record):
    """A document that outlives the program that wrote it: it says its kind and version, and older versions are read.

    Its schema is in docs/schema. A subclass narrows ``kind`` and ``schema_version`` to the one literal that it writes,
    as their default. For each version before that, ``migrations/`` holds the step to the next.
    """

    marks: ClassVar[frozenset[str]]  # keys that documents of this kind have in every version, and of no other kind

    kind: str
    schema_version: int

    @classmethod
    def kind_name(cls) -> str:
        """The kind of all its documents, as stores, ``migrations/`` and docs/schema call it."""
        (name,) = typing.get_args(cls.model_fields["kind"].annotation)
        return str(name)

    @classmethod
    def version(cls) -> int:
        """The version that is written."""
        (number,) = typing.get_args(cls.model_fields["schema_version"].annotation)
        return int(number)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read the file as ``Record.from_file`` does, and older versions of the record too."""
        return cls.from_json(read_bytes(path), str(path))

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Self:
        """The record in a JSON document of this version or an older one; ``where`` names the document in an error.

        Raises:
            InputError: it is not JSON, of a newer version, or not of the schema; one line says where.
        """
        try:
            return cls.model_validate_json(cls._migrated(text, where))
        except ValidationError as error:
            raise InputError(f"{where}: {first_error(error, cls)}") from error

    @classmethod
    def _migrated(cls, text: str | bytes, where: str) -> str | bytes:
        """The document as one of the version that is written. What is no document is left for the schema to refuse."""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return text
        found = document.get("schema_version") if isinstance(document, dict) else None
        if not isinstance(found, int) or not 0 < found != cls.version():
            return text
        if found > cls.version():
            raise InputError(
                f"{where}: schema_version {found} of a {cls.kind_name()} record is newer than the {cls.version()} that "
                "this edgecompress reads; install a newer edgecompress"
            )
        try:
            for number in range(found, cls.version()):
                document = methods.find(MIGRATIONS, f"{cls.kind_name()}-{number}")(document)
        except (KeyError, TypeError) as error:
            raise InputError(f"{where}: this is no {cls.kind_name()} record of version {found}: {error}") from error
        return json.dumps(document)


class Published(Versioned):
    """A record that stores keep and look up by its subject."""

    @abstractmethod
    def about(self) -> About:
        """The subject of the record."""


def short_arrays(text: str) -> str:
    """Indented JSON text with each array of numbers on one line: thousands of samples are not thousands of lines.

    Numbers stay as they are written, and a string holds no line feed, so that what the document says is the same.
    """
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)


def read_bytes(path: Path) -> bytes:
    """Read a document's file, and no pipe, device or disk image.

    Raises:
        InputError: it cannot be read, or is longer than any document.
    """
    try:
        # A pipe or a device that is called *.json would be read for ever.
        if path.exists() and not path.is_file():
            raise InputError(f"cannot read {path}: it is {'a folder' if path.is_dir() else 'no regular file'}")
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise InputError(f"cannot read {path}: it has more than {MOST_BYTES >> 20} MiB, and no record does")
    return content


def parse_json(text: str | bytes, where: str) -> Any:
    """The value of a JSON document; ``where`` names it in an error.

    Raises:
        InputError: it is none, or is nested so deeply that none of ours is.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{where} is not JSON: {error}") from error
    except RecursionError as error:
        raise InputError(f"{where} is nested too deeply to be a record") from error


def _source(where: str | Callable[[str], str], key: str) -> str:
    return where if isinstance(where, str) else where(key)


def _no_number(given: Any, read: Any) -> str:
    """The first place where a number was read from what is none: pydantic takes ``true`` as 1, and ``"5"`` as 5."""
    if isinstance(given, bool | str):
        return "document" if type(read) in (int, float) else ""
    pairs: list[tuple[object, Any, Any]] = []
    if isinstance(given, dict) and isinstance(read, dict):
        pairs = [(key, value, read[key]) for key, value in given.items() if key in read]
    elif isinstance(given, list) and isinstance(read, list | tuple):
        pairs = list(zip(range(len(given)), given, read, strict=False))
    found = ((key, _no_number(value, of_it)) for key, value, of_it in pairs)
    return next((f"{key}.{inside}".removesuffix(".document") for key, inside in found if inside), "")


def check_writable(path: Path) -> None:
    """Make sure that something can be made at ``path``, before long work whose result is to be there.

    Raises:
        InputError: its name is too long, or where it is to lie nothing can be written.
    """
    try:
        parent = next(each for each in path.absolute().parents if each.exists())
        path.exists()  # fails for a name that is too long
    except OSError as error:
        raise InputError(f"{path} cannot be made ({error.strerror}); choose another name") from error
    try:
        with temporary.folder(inside=parent):  # rights do not tell: no folder can be made in /proc, or on a full disk
            pass
    except OSError as error:
        raise InputError(
            f"{path} cannot be made: {parent} is not a folder that can be written to ({error.strerror}); choose another"
        ) from error


def check_file(path: Path) -> None:
    """``check_writable`` of a file.

    Raises:
        InputError: as there, or it is a folder.
    """
    check_writable(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; name the file to write")


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write ``content`` under a temporary name beside ``path``, then rename it: no half-written file is ever seen."""
    with atomic(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


def write_new(path: Path, text: str) -> bool:
    """Write a file that is not there yet; ``False``: one is, and stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        return False
    return True


@contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which is at ``path`` when the block has ended, and nowhere if the block fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary.file(beside=path) as part:
        with part.open("w+b") as stream:
            yield stream
        # Until now only its owner could read it; a bundle is to be shared like any other output.
        umask = os.umask(0)
        os.umask(umask)
        part.chmod(0o666 & ~umask)
        part.replace(path)
