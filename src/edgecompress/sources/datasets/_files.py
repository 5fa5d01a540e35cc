"""Finding and reading the raw files of a data set."""

from collections.abc import Iterable
from pathlib import Path

from edgecompress.errors import InputError


def first_existing(candidates: Iterable[Path]) -> Path | None:
    """The first of ``candidates`` that exists."""
    return next((path for path in candidates if path.exists()), None)


def read(path: Path) -> bytes:
    """Read a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> InputError:
    """The error of a file that the system does not let us read."""
    return InputError(f"cannot read {path}: {error.strerror or error}; put the data set's own file there")


def damaged(path: Path | str, reason: str) -> InputError:
    """The error of a file that is not what its name says; ``reason`` is a few words."""
    return InputError(f"{path} is damaged ({reason}); delete it or put the data set's own file there, then try again")
