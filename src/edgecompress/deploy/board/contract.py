"""The contract of a carrier: it has a board's sh run a script, and brings back what that writes to stdout."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from edgecompress.deploy.deadline import Deadline
from edgecompress.errors import RuntimeFailedError


class Reply(NamedTuple):
    """The reply of a program on the board: a word, and a message."""

    word: str
    more: str


class Ended(NamedTuple):
    """A command of this machine that ended before the program on the board had answered."""

    code: int
    errors: str  # its stderr
    before: str | None  # what came before the program began; None: it had begun


class Copy(Protocol):
    """A way of the carrier's own to copy a file to the board."""

    def __call__(self, local: Path, there: str, deadline: Deadline, what: str) -> Reply:
        """Copy a file; the reply is ``copied``, or ``failed`` and the reason.

        Raises:
            DeviceLostError: the connection was lost.
            OSError: the file cannot be read here.
            TimeoutError: it did not end in time.
        """
        ...


class Carrier(Protocol):
    """A way to a board. All that is done there is the programs' (``programs.py``), and the same for each."""

    name: str  # the device, in messages
    root: str  # shell text that sets ``root``: where everything is kept there, if no folder is named

    @property
    def copy(self) -> Copy | None:
        """A way for files; none where a command's stdin reaches the board, and so does its end: they go that way."""
        ...

    def command(self, script: str, *, first: bool) -> tuple[Sequence[str], bytes]:
        """The command of this machine that has the board's sh run ``script``, and what its stdin gets before all else.

        Args:
            script: For any POSIX sh. What it writes to stdout must arrive byte by byte; before that anything may come.
            first: For the one that stays as long as the connection. Later ones may share what it opened.
        """
        ...

    def look(self, *, drowned: bool) -> None:
        """Look after the first command, while its script has not begun. ``drowned``: other output came instead.

        Raises:
            DeviceLostError: it will not.
        """
        ...

    def failure(self, what: str, ended: Ended, holder: subprocess.Popen[bytes] | None) -> RuntimeFailedError:
        """The error that a command's end means.

        Args:
            what: The purpose of the command: "cannot WHAT".
            ended: Its end.
            holder: The first command, which may have ended too; ``None``: it was this one.
        """
        ...
