"""What every record of this package shares: frozen, strict about unknown keys, JSON in and out, written atomically."""

import os
import tempfile
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from edgecompress.errors import InputError


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
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        # mkstemp makes files that only their owner can read; a bundle is to be shared like any other output.
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
