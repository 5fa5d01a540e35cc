"""Paths as callers give them."""

import os
from pathlib import Path

StrPath = str | os.PathLike[str]


def path_of(given: StrPath | None) -> Path | None:
    """The path that was given, if one was."""
    return None if given is None else Path(given)
