"""Small files of the kernel and programs of a board, which may be absent."""

from __future__ import annotations

import subprocess
from pathlib import Path

_SECONDS = 10
_PROGRAMS = ("usr/bin", "usr/sbin", "opt/vc/bin", "bin", "sbin", "system/bin")


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


def output(root: Path, program: str, *arguments: str) -> str | None:
    """The output of a board's own program; ``None`` where there is none, or it fails."""
    for folder in _PROGRAMS:
        path = root / folder / program
        if path.is_file():
            try:
                done = subprocess.run(
                    [str(path), *arguments],
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    check=False,
                    timeout=_SECONDS,
                )
            except (OSError, subprocess.SubprocessError):
                return None
            return done.stdout.decode("utf-8", errors="replace").strip() if not done.returncode else None
    return None
