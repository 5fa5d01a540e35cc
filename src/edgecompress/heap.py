"""Memory that was freed and is still the process's own."""

import ctypes
import functools
from collections.abc import Callable


def give_back() -> None:
    """Let the system have what was freed, between two steps that take much.

    glibc keeps it for the next allocation: beside the weights of a large network, as much again in pieces that fit
    nothing. What is not glibc is left to itself.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.cache
def _trim() -> Callable[[int], int] | None:
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library; Windows has no handle of its own program
        return None
    return found
