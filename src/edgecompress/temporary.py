"""Temporary files and folders: gone when their process is done, and swept by the next command where it was killed.

A process writes down what is to be its own before it makes it, in a register that it keeps locked while it lives. The
kernel frees that lock however the process ends, whoever has its number by then; so what an unlocked register names is
nobody's any more, and what a locked one names is left alone.
"""

import atexit
import fcntl
import json
import os
import platform
import re
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs

_NAME = "edgecompress-{}"
_OURS = re.compile(r"(?:\..*\.)?edgecompress-[0-9a-f]{16}(?:\.old)?", re.DOTALL)
_LONGEST = 48  # characters of the name of what it stands beside: a name has 255 bytes at most


@contextmanager
def folder(*, beside: Path | None = None, inside: Path | None = None) -> Iterator[Path]:
    """A new folder that only this user can read, removed with all that is in it when the block ends.

    Args:
        beside: What it is to be in one folder with, so that what is made in it can be renamed to that.
        inside: The folder that it is to lie in. Neither: that of the system.
    """
    with _named(beside, inside) as path:
        path.mkdir(0o700)
        yield path


@contextmanager
def file(*, beside: Path) -> Iterator[Path]:
    """The path of a new file in one folder with ``beside``, whose folder is there. Nothing is left there at the end."""
    with _named(beside, None) as path:
        path.touch(0o600, exist_ok=False)
        yield path


def remove(path: Path) -> None:
    """Remove what has a name that ``folder`` or ``file`` gave: to the end, if need be by the next command."""
    number = _register.add(path)
    _remove(path)
    _register.done(number)


def use_own() -> None:
    """Give this process a folder of its own in the system's temporary folder, for all that it makes there from now on.

    So it is swept whichever library made it. The folder is removed at exit.
    """
    own = folder(inside=Path(tempfile.gettempdir()))
    path = own.__enter__()
    atexit.register(own.__exit__, None, None, None)
    # Whoever clears away what is old in there, as systemd-tmpfiles does, leaves alone what is locked.
    with suppress(OSError):
        fcntl.flock(os.open(path, os.O_RDONLY | os.O_DIRECTORY), fcntl.LOCK_SH)
    tempfile.tempdir = str(path)


def sweep() -> None:
    """Remove what processes of this machine left that were killed."""
    for register in sorted(_registers().glob("*")):
        with suppress(OSError):  # BlockingIOError: it lives. What cannot be removed now, another command may remove
            _sweep(register)


@contextmanager
def _named(beside: Path | None, inside: Path | None) -> Iterator[Path]:
    """A name that nothing has; whatever has it at the end is removed."""
    name = _NAME.format(secrets.token_hex(8))
    if beside is not None:
        path = beside.absolute().with_name(f".{beside.name[:_LONGEST]}.{name}")
    else:
        path = Path(inside or tempfile.gettempdir()).absolute() / name
    number = _register.add(path)
    try:
        yield path
    finally:
        _remove(path)
        _register.done(number)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _registers() -> Path:
    """The folder of the registers: one for each machine, where several share one home folder."""
    node = re.sub(r"[^\w.-]", "-", platform.node()) or "here"
    return platformdirs.user_cache_path("edgecompress") / "running" / node


def _sweep(register: Path) -> None:
    with register.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for line in stream:
            with suppress(ValueError, TypeError):  # a line that was cut short
                path = Path(json.loads(line))
                if path.is_absolute() and _OURS.fullmatch(path.name):
                    _remove(path)
        register.unlink()


class _Register:
    """The register of this process. Where none can be written, nothing is: then nothing of it is swept either."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process, self._descriptor, self._path = 0, -1, Path()
        self._named: set[int] = set()
        self._next = 0

    def add(self, path: Path) -> int:
        with self._lock:
            if self._process != os.getpid():  # the first time, and in a process that was forked
                self._begin()
            self._next += 1
            self._named.add(self._next)
            with suppress(OSError):
                os.write(self._descriptor, json.dumps(str(path)).encode() + b"\n")
            return self._next

    def done(self, number: int) -> None:
        with self._lock:
            self._named.discard(number)
            if not self._named and self._process == os.getpid():
                with suppress(OSError):
                    os.ftruncate(self._descriptor, 0)

    def _begin(self) -> None:
        self._process, self._descriptor, self._named = os.getpid(), -1, set()
        with suppress(OSError):
            _registers().mkdir(parents=True, exist_ok=True)
            while self._descriptor < 0:
                path = _registers() / secrets.token_hex(8)
                descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    # Before it was locked, another process may have taken it for that of a dead one.
                    if os.path.samestat(path.stat(), os.fstat(descriptor)):
                        self._path, self._descriptor = path, descriptor
                        atexit.register(self._end, self._process)
                except (BlockingIOError, FileNotFoundError):
                    pass
                finally:
                    if self._descriptor < 0:
                        os.close(descriptor)

    def _end(self, process: int) -> None:
        if process == os.getpid() == self._process and not self._named:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


_register = _Register()
