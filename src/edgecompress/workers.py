"""Processes that work for this one: started with an environment of their own, gone when it is gone."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import parent_process


def threads(count: int) -> dict[str, str]:
    """The environment of a process that computes with so many threads; libraries read it when they are loaded."""
    return {"OMP_NUM_THREADS": str(count), "MKL_NUM_THREADS": str(count)}


def cores() -> int:
    """How many this process may run on."""
    return len(os.sched_getaffinity(0))


@contextmanager
def environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Change variables for what is started inside the block."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def begin() -> None:
    """What a worker does first: it leaves Ctrl-C to its parent, ends on SIGTERM like on Ctrl-C, and ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # half-written files are deleted on the way out
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed must not go on for hours."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
