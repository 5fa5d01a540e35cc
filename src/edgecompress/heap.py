"""Memory that was freed and is still the process's own."""

import ctypes
import functools
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_MAPPED_FROM = -3  # M_MMAP_THRESHOLD of malloc.h
_USUAL = 32 << 20  # where glibc itself ends up in a process that has freed arrays of that size
_LOW = 1 << 20


def trim_heap() -> None:
    """Let the system have what was freed, between two steps that take much.

    glibc keeps it for the next allocation: beside the weights of a large network, as much again in pieces that fit
    nothing. What is not glibc is left to itself.
    """
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the search for objects that only refer to each other, while the block runs.

    For work that builds millions of small objects and keeps them: each look at all of them finds nothing.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextmanager
def low_memory() -> Iterator[None]:
    """Return each array of a megabyte or more to the system as soon as it is freed, while the block runs.

    For work on large arrays that are made once. Training would pay for it: it makes the same ones again at each step.
    """
    option = _function("mallopt")
    if option is not None:
        option(_MAPPED_FROM, _LOW)
    try:
        yield
    finally:
        if option is not None:
            option(_MAPPED_FROM, _USUAL)
        trim_heap()


@functools.cache
def _function(name: str) -> Callable[..., int] | None:
    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # another C library; Windows has no handle of its own program
        return None
    return found
