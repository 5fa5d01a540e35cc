"""What every record of this package shares: frozen, strict about unknown keys, JSON in and out, written atomically."""

import json
import os
import tempfile
import typing
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from edgecompress import methods
from edgecompress.errors import InputError

MIGRATIONS = "edgecompress.migrations"


class Record(BaseModel):
    """A frozen JSON document. Unknown keys are refused, so that a misspelt one is never silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_json(self) -> str:
        """The record as indented JSON text with a final newline."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The record in a JSON file.

        Raises:
            InputError: the file is absent, not JSON, or not of this schema; one line says where.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}") from error
        except ValidationError as error:
            raise InputError(f"{path}: {first_error(error)}") from error

    @classmethod
    def from_table(cls, table: dict[str, Any], where: str) -> Self:
        """The record in a parsed TOML table; ``where`` names the source in an error.

        Raises:
            InputError: the table is not of this schema.
        """
        try:
            return cls.model_validate(table)
        except ValidationError as error:
            raise InputError(f"{where}: {first_error(error)}") from error


@dataclass(frozen=True)
class About:
    """What a published record is of: what a store looks records up by. What a kind does not know is empty."""

    created: str  # UTC, ISO 8601
    model: str = ""
    data: str = ""
    device: str = ""
    target: str = ""
    runtimes: tuple[str, ...] = ()
    taken: str = ""  # measured, emulated or estimated


class Published(Record):
    """A record that outlives the program that wrote it: its schema is in docs/schema, and older versions are read.

    A subclass has a field ``schema_version``, whose type is the literal number of the version that it writes. For each
    version before that, ``migrations/`` holds the step to the next.
    """

    kind: ClassVar[str]  # its name in a store, and in migrations/
    marks: ClassVar[frozenset[str]]  # keys that documents of this kind have in every version, and of no other kind

    @abstractmethod
    def about(self) -> About:
        """What the record is of."""

    @classmethod
    def version(cls) -> int:
        """The version that is written."""
        (number,) = typing.get_args(cls.model_fields["schema_version"].annotation)
        return int(number)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """As ``Record.from_file``, of older versions too."""
        try:
            return cls.from_json(path.read_bytes(), str(path))
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}") from error

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Self:
        """The record in a JSON document of this version or an older one; ``where`` names the document in an error.

        Raises:
            InputError: it is not JSON, of a newer version, or not of the schema; one line says where.
        """
        try:
            return cls.model_validate_json(cls._migrated(text, where))
        except ValidationError as error:
            raise InputError(f"{where}: {first_error(error)}") from error

    @classmethod
    def _migrated(cls, text: str | bytes, where: str) -> str | bytes:
        """The document as one of the version that is written. What is no document is left for the schema to refuse."""
        try:
            document = json.loads(text)
        except ValueError:
            return text
        found = document.get("schema_version") if isinstance(document, dict) else None
        if not isinstance(found, int) or not 0 < found != cls.version():
            return text
        if found > cls.version():
            raise InputError(
                f"{where}: schema_version {found} of a {cls.kind} record is newer than the {cls.version()} that this "
                "edgecompress reads; install a newer edgecompress"
            )
        try:
            for number in range(found, cls.version()):
                document = methods.find(MIGRATIONS, f"{cls.kind}-{number}")(document)
        except (KeyError, TypeError) as error:
            raise InputError(f"{where}: this is no {cls.kind} record of version {found}: {error}") from error
        return json.dumps(document)


def first_error(error: ValidationError) -> str:
    """The first of pydantic's complaints as one line: ``prune.sparsity: Input should be less than 1 (given 1.5)``."""
    detail = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in detail["loc"]) or "document"
    if detail["type"] == "extra_forbidden":
        return f"unknown key '{place}'; remove it or correct its spelling"
    given = repr(detail["input"])
    return f"{place}: {detail['msg']} (given {given if len(given) <= 60 else given[:57] + '...'})"


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write ``content`` under a temporary name beside ``path``, then rename it: no half-written file is ever seen."""
    with atomic(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which is at ``path`` when the block has ended, and nowhere if the block fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        # mkstemp makes files that only their owner can read; a bundle is to be shared like any other output.
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
