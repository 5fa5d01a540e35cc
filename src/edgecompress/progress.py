"""Progress of long work: reported without knowing who listens."""

import time
from typing import Protocol

SECONDS_BETWEEN = 15.0


class Progress(Protocol):
    """A callback that long work calls again and again."""

    def __call__(self, title: str, done: int, total: int, note: str = "", /) -> None:
        """``title`` is ``done`` of ``total`` steps far; ``note`` is its state in a few words."""


def silent(title: str, done: int, total: int, note: str = "", /) -> None:
    """Tell nobody."""


def line(title: str, done: int, total: int, note: str = "", /) -> str:
    """What was told, in one line."""
    part = f" {done}/{total}" if total > 1 else ""
    return f"{title}{part}{': ' + note if note else ''}"


class Paced:
    """Hands on what begins a title, what ends it, and between these something every 15 seconds."""

    def __init__(self, listener: Progress) -> None:
        self._listener = listener
        self._title, self._last = "", 0.0

    def __call__(self, title: str, done: int, total: int, note: str = "", /) -> None:
        """See ``Progress``."""
        now = time.monotonic()
        if title == self._title and done < total and now - self._last < SECONDS_BETWEEN:
            return
        self._title, self._last = title, now
        self._listener(title, done, total, note)
