"""Progress of long work: reported without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """A callback that long work calls again and again."""

    def __call__(self, title: str, done: int, total: int, note: str = "", /) -> None:
        """``title`` is ``done`` of ``total`` steps far; ``note`` is its state in a few words."""


def silent(title: str, done: int, total: int, note: str = "", /) -> None:
    """Tell nobody."""
