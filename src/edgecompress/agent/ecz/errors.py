"""The errors of a container."""

from __future__ import annotations


class ContainerError(Exception):
    """This is no container, or a damaged one, or there is no room for it. One line that says what to do."""

    exit_code = 2


class DamagedError(Exception):
    """Something inside a container contradicts itself; ``container`` turns it into one line that names the file."""
