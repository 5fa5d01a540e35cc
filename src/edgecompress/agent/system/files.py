"""Small files of the kernel, which may be absent."""

from __future__ import annotations

from pathlib import Path


def text(path: Path) -> str | None:
    """The text of a file without outer space and NUL bytes; ``None`` where it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8", errors="replace").replace("\0", " ").strip()
    except OSError:
        return None


def number(path: Path) -> int | None:
    """The whole number in a file; ``None`` where there is none."""
    try:
        return int(text(path) or "")
    except ValueError:
        return None


def entries(path: Path) -> list[str]:
    """The names in a folder, sorted; none where it cannot be read."""
    try:
        return sorted(entry.name for entry in path.iterdir())
    except OSError:
        return []
