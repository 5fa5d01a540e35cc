"""The contract of a transport: files there, files back, and a program run there."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.process import Finished, OnLine

__all__ = ["BLOB", "ENVIRONMENT", "JOB", "MARK", "Connection", "Finished", "OnLine", "Transport"]

ENVIRONMENT = "environment"
"""Below a connection's root: what set-up installed there, with a program ``python`` in it."""

MARK = ".edgecompress"
"""A file below a connection's root: what is in the folder was made by us. A folder without it, unless it is empty or
the one that we have when none is named, is somebody's: nothing is made or removed there."""

BLOB = "?" * 64
"""A pattern of a shell and of find: what a file below the root's ``blobs`` is called, by its SHA-256."""

JOB = "job."
"""What a job's folder below the root's ``work`` is called, before a number. Others' files may lie beside it."""


class Connection(Protocol):
    """An open way to a device, with a work folder of its own there that vanishes when the connection closes.

    ``remote`` is a path relative to that folder, with ``/``. Programs are started in it, as lists of arguments: no
    shell reads them, or they are quoted for it one by one.
    """

    python: str  # the Python interpreter there: of the environment that set-up made, else the board's own
    own_python: str  # the board's own
    root: str | None  # the folder there that outlives connections; None: nothing is kept

    def push(self, local: Path, remote: str, deadline: Deadline) -> None:
        """Copy a file to the device. What is there under that name afterwards is the whole file, or nothing new.

        Raises:
            RuntimeFailedError: it cannot be copied, or not in time.
        """
        ...

    def pull(self, remote: str, local: Path, deadline: Deadline) -> None:
        """Copy a file from the device.

        Raises:
            RuntimeFailedError: it is not there, cannot be copied, or not in time.
        """
        ...

    def run(self, arguments: Sequence[str], deadline: Deadline, on_line: OnLine) -> Finished:
        """Run a program to its end. ``on_line`` gets each line of stdout, without its end, when it comes.

        The program's stdin stays open until it ends or is given up, so that it can notice. However this
        call ends (deadline, Ctrl-C, an exception of ``on_line``, a lost connection), the program does not run on.

        Raises:
            RuntimeFailedError: it cannot be started, or did not end in time.
        """
        ...


class Transport(Protocol):
    """A transport: one function in a file of its name that opens a connection to an address.

    Its keyword-only parameters, all strings that may be empty, are what the devices file can say of such a device:
    ``python``, the interpreter there, and what is the transport's own.
    """

    def __call__(self, address: str, *, python: str = "") -> AbstractContextManager[Connection]:
        """Open a connection.

        Raises:
            InputError: the address is not one of this transport's.
            DeviceLostError: the device does not answer.
        """
        ...
