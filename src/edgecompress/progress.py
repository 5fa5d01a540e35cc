"""How long work tells what it does, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """What long work calls again and again."""

    def __call__(self, title: str, done: int, total: int, note: str = "", /) -> None:
        """``title`` is ``done`` of ``total`` steps far; ``note`` is its state in a few words."""


def silent(title: str, done: int, total: int, note: str = "", /) -> None:
    """Tell nobody."""
