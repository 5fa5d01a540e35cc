"""A child process here: its output is handed on when it comes, and nothing of it is left when the call ends."""

import os
import selectors
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from edgecompress.answers import LONGEST_LINE, WrongAnswerError
from edgecompress.deploy.deadline import Deadline
from edgecompress.errors import RuntimeFailedError

ERRORS_KEPT = 64 * 1024
_PART = 65_536
_LONGEST = 64 << 20  # bytes of an output: those of a step in a day of progress

OnLine = Callable[[str], None]
OnPart = Callable[[bytes], None]


@dataclass(frozen=True)
class Finished:
    """A program that ended."""

    code: int  # exit code; minus the signal's number where a signal ended it
    output: str  # all of stdout
    errors: str  # the last 64 KiB of stderr


class Lines:
    """Takes parts of an output, hands each line on when it is whole, and keeps all of it: as much as an output may be.

    Raises:
        WrongAnswerError: a line, or all of it, is longer than any program of ours writes.
    """

    def __init__(self, on_line: OnLine) -> None:
        self._on_line = on_line
        self._kept: list[bytes] = []
        self._rest: list[bytes] = []  # of a line that is not whole: joined once
        self._in_all = self._in_line = 0

    def __call__(self, part: bytes) -> None:
        """Take the next part."""
        self._kept.append(part)
        self._in_all += len(part)
        first, *more = part.split(b"\n")
        self._rest.append(first)
        self._in_line += len(first)
        for line in more:
            self._check()
            self._hand_on()
            self._rest, self._in_line = [line], len(line)
        self._check()

    def finish(self) -> str:
        """Hand on a last line that has no end. Returns the whole output."""
        if self._in_line:
            self._hand_on()
        self._rest, self._in_line = [], 0
        return b"".join(self._kept).decode("utf-8", errors="replace")

    def _check(self) -> None:
        if self._in_line > LONGEST_LINE or self._in_all > _LONGEST:
            raise WrongAnswerError(
                f"what answers there says more than {_LONGEST >> 20} MiB, or {LONGEST_LINE >> 20} in a line"
            )

    def _hand_on(self) -> None:
        self._on_line(b"".join(self._rest).decode("utf-8", errors="replace"))


def run(
    arguments: Sequence[str],
    deadline: Deadline,
    on_part: OnPart,
    *,
    cwd: Path | None = None,
    content: Iterable[bytes] = (),
    close_stdin: bool = False,
) -> tuple[int, str]:
    """Run a program to its end, in a process group of its own, which is killed whole however this call ends.

    Args:
        arguments: The program and its arguments; no shell reads them.
        deadline: When it must have ended.
        on_part: Gets what it writes to stdout, as it comes.
        cwd: Where it is started.
        content: What its stdin gets.
        close_stdin: Whether its stdin ends then, or stays open until the program ends.

    Returns:
        The exit code (minus the signal's number where a signal ended it), and the last 64 KiB of stderr.

    Raises:
        RuntimeFailedError: it cannot be started.
        TimeoutError: it did not end in time.
    """
    with tempfile.TemporaryFile() as errors:
        process = start(arguments, errors, cwd=cwd)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            _feed(process, content)
            if close_stdin:
                process.stdin.close()
            for part in parts(process.stdout, deadline):
                on_part(part)
            code = process.wait(timeout=deadline.left())
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        finally:
            end(process)
        return code, tail(errors)


def start(arguments: Sequence[str], errors: IO[bytes], *, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """A child with pipes for stdin and stdout, in a session of its own: Ctrl-C reaches this process alone.

    Raises:
        RuntimeFailedError: it cannot be started.
    """
    try:
        return subprocess.Popen(
            list(arguments),
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as error:
        raise RuntimeFailedError(f"cannot start {arguments[0]}: {error.strerror}") from error


def parts(stream: IO[bytes], deadline: Deadline) -> Iterator[bytes]:
    """Read what a child writes, as it comes, up to its end.

    Raises:
        TimeoutError: the end did not come in time.
    """
    while (part := next_part(stream, deadline.left())) != b"":
        if part is None:
            raise TimeoutError
        yield part


def next_part(stream: IO[bytes], seconds: float) -> bytes | None:
    """Read what a child writes next; nothing at its end; ``None`` where nothing came within so many seconds."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return os.read(stream.fileno(), _PART) if selector.select(seconds) else None


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process group and close the pipes."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def tail(stream: IO[bytes]) -> str:
    """The end of a file that a child wrote to."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - ERRORS_KEPT))
    return stream.read().decode("utf-8", errors="replace")


def _feed(process: subprocess.Popen[bytes], content: Iterable[bytes]) -> None:
    """Write to a child's stdin while its output is read. A child that does not read on is no error."""

    def write() -> None:
        # A descriptor of its own: the pipe's other one is closed when the call ends, and numbers are given anew.
        with suppress(OSError), os.fdopen(descriptor, "wb", buffering=0) as stream:
            for part in content:
                rest = memoryview(part)
                while rest:
                    rest = rest[stream.write(rest) :]

    assert process.stdin is not None
    descriptor = os.dup(process.stdin.fileno())
    threading.Thread(target=write, daemon=True).start()
