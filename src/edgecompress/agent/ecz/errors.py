"""The errors of a container."""

from __future__ import annotations


class ContainerError(Exception):
    """An error of a container: no container, a damaged one, or no room for it. One line that says what to do."""

    exit_code = 2


class DamagedError(Exception):
    """A contradiction inside a container; ``container`` turns it into one line that names the file."""
