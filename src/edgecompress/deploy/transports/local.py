"""Local: this machine as the device, with a temporary folder as its work folder."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edgecompress.deploy import process
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.process import Finished, Lines, OnLine
from edgecompress.errors import InputError, RuntimeFailedError


@contextmanager
def local(address: str = "", *, python: str = "") -> Iterator["LocalConnection"]:
    """Open a work folder on this machine. There is only one such device, so the address must be empty.

    Args:
        address: Empty.
        python: The interpreter that runs the agent. Empty: the one that runs this.

    Raises:
        InputError: the address is not empty.
    """
    if address:
        raise InputError(f"the device 'local' takes no address (given '{address}'); write --device local")
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        yield LocalConnection(Path(folder), python or sys.executable)


class LocalConnection:
    """See ``contract.Connection``."""

    def __init__(self, folder: Path, python: str) -> None:
        self._folder = folder
        self.python = self.own_python = python
        self.root: str | None = None

    def push(self, local: Path, remote: str, deadline: Deadline) -> None:  # noqa: ARG002  # a copy here cannot hang
        """Copy a file into the work folder."""
        _copy(local, self._folder / remote)

    def pull(self, remote: str, local: Path, deadline: Deadline) -> None:  # noqa: ARG002
        """Copy a file out of the work folder."""
        _copy(self._folder / remote, local)

    def run(self, arguments: Sequence[str], deadline: Deadline, on_line: OnLine) -> Finished:
        """Run a program in the work folder, in a process group of its own, which is killed whole."""
        lines = Lines(on_line)
        try:
            code, errors = process.run(arguments, deadline, lines, cwd=self._folder)
        except TimeoutError as error:
            name = Path(arguments[0]).name
            raise RuntimeFailedError(f"{name} did not finish within {deadline.seconds:g} s") from error
        return Finished(code, lines.finish(), errors)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise RuntimeFailedError(f"cannot copy {source} to {target}: {error.strerror}") from error
