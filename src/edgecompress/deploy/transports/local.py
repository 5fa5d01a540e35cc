"""Local: this machine as the device, with a temporary folder as its work folder."""

import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.transports.contract import Finished, OnLine
from edgecompress.errors import InputError, RuntimeFailedError

_ERRORS_KEPT = 64 * 1024


@contextmanager
def local(address: str = "") -> Iterator["LocalConnection"]:
    """Open a work folder on this machine. There is only one such device, so the address must be empty.

    Raises:
        InputError: the address is not empty.
    """
    if address:
        raise InputError(f"the device 'local' takes no address (given '{address}'); write --device local")
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        yield LocalConnection(Path(folder))


class LocalConnection:
    """See ``contract.Connection``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.python = sys.executable

    def push(self, local: Path, remote: str, deadline: Deadline) -> None:  # noqa: ARG002  # a copy here cannot hang
        """Copy a file into the work folder."""
        _copy(local, self._folder / remote)

    def pull(self, remote: str, local: Path, deadline: Deadline) -> None:  # noqa: ARG002
        """Copy a file out of the work folder."""
        _copy(self._folder / remote, local)

    def run(self, arguments: Sequence[str], deadline: Deadline, on_line: OnLine) -> Finished:
        """Run a program in the work folder, in a process group of its own, which is killed whole."""
        with tempfile.TemporaryFile() as errors:
            try:
                # A session of its own: Ctrl-C reaches this process alone, and the group can be killed whole.
                process = subprocess.Popen(
                    list(arguments),
                    cwd=self._folder,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    start_new_session=True,
                )
            except OSError as error:
                raise RuntimeFailedError(f"cannot start {arguments[0]}: {error.strerror}") from error
            try:
                assert process.stdout is not None
                output = _read_lines(process.stdout, deadline, on_line)
                code = process.wait(timeout=deadline.left())
            except (subprocess.TimeoutExpired, TimeoutError) as error:
                name = Path(arguments[0]).name
                raise RuntimeFailedError(f"{name} did not finish within {deadline.seconds:g} s") from error
            finally:
                _end(process)
            return Finished(code, output, _tail(errors))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise RuntimeFailedError(f"cannot copy {source} to {target}: {error.strerror}") from error


def _read_lines(stream: IO[bytes], deadline: Deadline, on_line: OnLine) -> str:
    """Read to the end, handing each line on when it is whole.

    Raises:
        TimeoutError: the end did not come in time.
    """
    parts: list[bytes] = []
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if not selector.select(deadline.left()):
                raise TimeoutError
            part = os.read(stream.fileno(), 65_536)
            if not part:
                break
            parts.append(part)
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                on_line(line.decode("utf-8", errors="replace"))
    if rest:
        on_line(rest.decode("utf-8", errors="replace"))
    return b"".join(parts).decode("utf-8", errors="replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process group and close the pipes."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _tail(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _ERRORS_KEPT))
    return stream.read().decode("utf-8", errors="replace")
