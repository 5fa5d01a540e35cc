"""The job: a JSON object that tells a step what to do. Every value is checked; a key that no step reads is an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .accelerator import Accelerator
from .errors import JobError

LAYOUTS = ("channels_first", "channels_last")


class Job:
    """The values of one JSON object, read by key and type. Relative paths are relative to ``folder``."""

    def __init__(self, values: dict[str, Any], folder: Path, where: str = "job") -> None:
        self._values = values
        self._folder = folder
        self._where = where
        self._read: set[str] = set()

    @classmethod
    def read(cls, path: Path) -> Job:
        """The job in a file; its relative paths are relative to the folder that the file is in.

        Raises:
            JobError: the file cannot be read or is not a JSON object.
        """
        try:
            values = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise JobError(f"cannot read the job {path}: {error}") from error
        if not isinstance(values, dict):
            raise JobError(f"the job {path} must be a JSON object")
        return cls(values, path.parent)

    @classmethod
    def parse(cls, text: str) -> Job:
        """The job in a JSON object; its relative paths are relative to the working folder.

        Raises:
            JobError: it is no JSON object.
        """
        try:
            values: dict[str, Any] = json.loads(text)
        except ValueError as error:
            raise JobError(f"cannot read the job: {error}") from error
        return cls(values, Path())

    def has(self, key: str) -> bool:
        """Return whether ``key`` is given and is not null."""
        if self._values.get(key) is None:
            self._read.add(key)
            return False
        return True

    def path(self, key: str) -> Path:
        """A path to a file that need not exist."""
        given: str = self._value(key, str, None)
        return self._folder / given

    def file(self, key: str) -> Path:
        """A path to a file that exists."""
        path = self.path(key)
        if not path.is_file():
            raise JobError(f"{self._where}: '{key}' names {path}, which is not a file")
        return path

    def count(self, key: str, default: int | None = None, *, least: int = 1) -> int:
        """A whole number of at least ``least``."""
        value: int = self._value(key, int, default)
        if value < least:
            raise JobError(f"{self._where}: '{key}' must be {least} or more (given {value})")
        return value

    def count_or(self, key: str, word: str) -> int | None:
        """A whole number, not negative, or ``None`` where the value is ``word``."""
        if self._values.get(key) == word:
            self._read.add(key)
            return None
        return self.count(key, least=0)

    def seconds(self, key: str, default: float | None = None) -> float:
        """A time in seconds, not negative."""
        value = float(self._value(key, (int, float), default))
        if not 0 <= value < float("inf"):
            raise JobError(f"{self._where}: '{key}' must be a time in seconds (given {value})")
        return value

    def text(self, key: str, default: str | None = None, *, among: tuple[str, ...] = ()) -> str:
        """A string, one of ``among`` where those are given."""
        value: str = self._value(key, str, default)
        if among and value not in among:
            raise JobError(f"{self._where}: '{key}' must be one of {', '.join(among)} (given '{value}')")
        return value

    def accelerator(self) -> Accelerator:
        """The provider or delegate that is to run what it can; none unless given."""
        return Accelerator(self.text("provider", ""), self.text("delegate", ""))

    def layout(self) -> str:
        """The layout of the model file's input, ``channels_first`` unless given."""
        return self.text("layout", LAYOUTS[0], among=LAYOUTS)

    def jobs(self, key: str) -> list[Job]:
        """A list of at least one JSON object."""
        values = self._value(key, list, None)
        if not values or not all(isinstance(value, dict) for value in values):
            raise JobError(f"{self._where}: '{key}' must be a list of JSON objects, at least one")
        return [Job(value, self._folder, f"{self._where}.{key}[{i}]") for i, value in enumerate(values)]

    def tree(self, key: str) -> Any:
        """A string, or a list or an object of such."""
        return self._value(key, (str, list, dict), None)

    def finish(self) -> None:
        """Say that all keys were read.

        Raises:
            JobError: one was given that was not.
        """
        unread = sorted(set(self._values) - self._read)
        if unread:
            raise JobError(f"{self._where}: unknown key '{unread[0]}'; remove it or correct its spelling")

    def _value(self, key: str, kind: type | tuple[type, ...], default: object) -> Any:
        self._read.add(key)
        value = self._values.get(key, default)
        if value is None:
            raise JobError(f"{self._where}: '{key}' is missing")
        # bool is a kind of int in Python, but "threads": true is a mistake.
        if not isinstance(value, kind) or isinstance(value, bool):
            raise JobError(f"{self._where}: '{key}' has a value of the wrong type ({value!r})")
        return value
