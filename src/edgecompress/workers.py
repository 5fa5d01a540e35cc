"""Processes that work for this one: started with an environment of their own, gone when it is gone."""

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import parent_process
from types import FrameType
from typing import NoReturn

from edgecompress import temporary

_AGAIN_SECONDS = 0.05


def threads(count: int) -> dict[str, str]:
    """The environment of a process that computes with so many threads; libraries read it when they are loaded."""
    return {"OMP_NUM_THREADS": str(count), "MKL_NUM_THREADS": str(count)}


def cores() -> int:
    """The number of cores that this process may run on."""
    return len(os.sched_getaffinity(0))


def python(module: str, *arguments: str, ends_by: signal.Signals = signal.SIGKILL) -> list[str]:
    """The command that runs a module by this Python, in a process that ends with this one.

    It imports nothing from the folder that the user works in (``-P``): a ``random.py`` there is the user's, and no part
    of this program. What PYTHONPATH and the user's own packages add is left as it is.

    Args:
        module: As after ``python -m``.
        arguments: Of that module.
        ends_by: What ends it when this process is gone.
    """
    tie = (str(os.getpid()), str(int(ends_by)), tempfile.gettempdir())
    return [sys.executable, "-P", "-m", "edgecompress.tied", *tie, module, *arguments]


def leave_working_folder() -> None:
    """Import nothing from the folder that the user works in, here or in a Python that is started from here.

    An empty part of PYTHONPATH means it, which a line such as ``PYTHONPATH=$PYTHONPATH:more`` makes by accident. A part
    that names the folder is meant so, and stays.
    """
    sys.path[:] = [part for part in sys.path if part]
    os.environ["PYTHONSAFEPATH"] = "1"
    if "PYTHONPATH" in os.environ:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, os.environ["PYTHONPATH"].split(os.pathsep)))


class Interrupted(KeyboardInterrupt):
    """The exception that a signal that ends a process raises in it.

    Not KeyboardInterrupt itself: where that passes through ``exec`` or ``eval`` of a string, which every dataclass has
    when it is imported, CPython remembers it, and ``python -m`` ends by SIGINT, whatever the exit code.
    """


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise Interrupted(number)


def _interrupt_once(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # what follows tidies up
    raise Interrupted(number)


def end_once(number: signal.Signals) -> None:
    """Have a signal raise `Interrupted` the first time, and do nothing after that."""
    _heed_lost_signals()
    signal.signal(number, _interrupt_once)


def _heed_lost_signals() -> None:
    """Send a signal again whose exception Python dropped, as in ``__del__`` and in callbacks of weak references.

    Imports have such callbacks: a build that was ended while one ran would have gone on for hours.
    """
    reported = sys.unraisablehook

    def hook(lost: "sys.UnraisableHookArgs") -> None:
        if not isinstance(lost.exc_value, Interrupted):
            reported(lost)
        elif not sys.is_finalizing():
            (number,) = lost.exc_value.args
            if signal.getsignal(number) == signal.SIG_IGN:
                signal.signal(number, _interrupt_once)
            # Not from here, where it would be dropped again.
            again = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), number))
            again.daemon = True
            again.start()

    sys.unraisablehook = hook


def end_in_order() -> None:
    """Have Ctrl-C, SIGTERM and SIGHUP, unless ignored as under nohup, raise `Interrupted`: all is tidied on the way."""
    _heed_lost_signals()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


@contextmanager
def environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Change variables for what is started inside the block, which imports nothing from the user's folder either."""
    changes = {"PYTHONSAFEPATH": "1", **changes}
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
    """Set a worker up: it leaves Ctrl-C to its parent, ends on SIGTERM like on Ctrl-C, and ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _heed_lost_signals()
    signal.signal(signal.SIGTERM, _interrupt)  # half-written files are deleted on the way out
    threading.Thread(target=_end_with_parent, daemon=True).start()
    temporary.use_own()


def _end_with_parent() -> None:
    """A worker whose parent was killed must not go on for hours."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
