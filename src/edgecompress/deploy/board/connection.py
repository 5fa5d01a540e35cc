"""A connection to a board through a carrier: files by their SHA-256, programs, one job at a time."""

import hashlib
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edgecompress.deploy.board import programs
from edgecompress.deploy.board.contract import Carrier, Reply
from edgecompress.deploy.board.shell import BoardShell, held, is_full
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.process import Finished, Lines, OnLine
from edgecompress.deploy.transports.contract import ENVIRONMENT
from edgecompress.errors import DeviceLostError, RuntimeFailedError

PYTHON = "python3"
_KEPT_FROM = 32 * 1024  # bytes; asking whether the board holds a file costs as much as sending a smaller one
_HIGHEST_SIGNAL = 64
_KILLED = "137"  # a shell's exit code for SIGKILL
_SHA256 = re.compile(r"[0-9a-f]{64}")


@contextmanager
def connected(carrier: Carrier, *, python: str, folder: str, take: str) -> Iterator["BoardConnection"]:
    """Take a board for one job, and open a work folder there.

    Args:
        carrier: The way there.
        python: The board's own interpreter. Empty: ``python3``. An environment that was installed goes before it.
        folder: Where everything is kept there, from the home folder unless absolute: one that is not there yet, is
            empty or is ours. Empty: where the carrier keeps it.
        take: ``yes`` ends a job of someone else that runs there.

    Raises:
        InputError: the folder is somebody's.
        DeviceLostError: the board does not answer, or does not let us in.
        RuntimeFailedError: it is busy, or has no room.
    """
    with held(carrier, folder=folder, take=take) as (shell, folders):
        connection = BoardConnection(shell, folders.root, folders.work, python or PYTHON)
        if folders.is_set_up:
            connection.python = f"{folders.root}/{ENVIRONMENT}/python"
        yield connection


class BoardConnection:
    """See ``transports/contract.Connection``. ``root`` is the folder there in which everything is kept."""

    def __init__(self, shell: BoardShell, root: str, work: str, python: str) -> None:
        self._shell, self._work = shell, work
        self._name = shell.carrier.name
        self.root: str | None = root
        self.python = self.own_python = python

    def push(self, local: Path, remote: str, deadline: Deadline) -> None:
        """Copy a file into the work folder, unless the board holds it from an earlier time: it knows it by its sum."""
        what = f"copy {local} to {self._name}"
        target, part = f"{self._work}/{remote}", f"{self._work}/.part-{secrets.token_hex(6)}"
        try:
            digest = _digest(local)
            blob = f"{self.root}/blobs/{digest}" if local.stat().st_size >= _KEPT_FROM else ""
            if blob and self._shell.ask(programs.PLACE, [blob, digest, target], deadline, what).word == "done":
                return
            reply = self._shell.send(local, part, [digest, target, blob], deadline, what)
        except OSError as error:
            raise RuntimeFailedError(f"cannot {what}: {error.strerror}") from error
        if reply.word != "done":
            raise self._failed(what, reply)

    def pull(self, remote: str, local: Path, deadline: Deadline) -> None:
        """Copy a file out of the work folder, to another name first: what it gets is whole."""
        what = f"copy {remote} from {self._name}"
        part = local.with_name(f".part-{secrets.token_hex(6)}")
        digest = hashlib.sha256()
        try:
            local.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as stream:

                def on_part(content: bytes) -> None:
                    digest.update(content)
                    stream.write(content)

                reply = self._shell.ask(programs.FETCH, [f"{self._work}/{remote}"], deadline, what, on_part=on_part)
            if reply.word != digest.hexdigest():
                raise self._failed(what, reply)
            part.replace(local)
        except OSError as error:
            raise RuntimeFailedError(f"cannot {what}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)

    def run(self, arguments: Sequence[str], deadline: Deadline, on_line: OnLine) -> Finished:
        """Run a program in the work folder, in a session of its own. It ends when the connection does."""
        program = arguments[0]
        name = program.rsplit("/", 1)[-1]
        lines = Lines(on_line)
        try:
            reply = self._shell.call(programs.RUN, [self._work, *arguments], deadline, f"run {name}", lines)
        except TimeoutError as error:
            raise RuntimeFailedError(f"{name} did not finish within {deadline.seconds:g} s") from error
        # Of a job that is taken over the program is killed, and its code may arrive before the connection ends.
        if reply.word == "gone" or (reply.word == _KILLED and self._shell.ends()):
            raise DeviceLostError(f"{self._name}: its work folder is gone: restarted, cleaned or taken by someone")
        if reply.word == "missing":
            mend = "; install Python there, or run 'edgecompress devices setup'" if program == self.python else ""
            raise RuntimeFailedError(f"cannot start {program}: there is none on {self._name}{mend}")
        if not re.fullmatch(r"\d{1,3}", reply.word):
            raise RuntimeFailedError(f"{self._name} answers '{reply.word[:40]}' for an exit code: what answers there?")
        code = int(reply.word)
        # A shell's exit code for a signal is 128 and its number. No program that ends by itself should use those codes.
        signalled = 128 < code <= 128 + _HIGHEST_SIGNAL
        return Finished(128 - code if signalled else code, lines.finish(), reply.more)

    def _failed(self, what: str, reply: Reply) -> RuntimeFailedError:
        lines = [line.strip() for line in reply.more.splitlines() if line.strip()]
        reason = {
            "absent": "it is not there",
            "short": "what arrived is not what was sent; run the same command again",
            "nosum": "there is no sha256sum there: install coreutils or BusyBox",
        }.get("short" if _SHA256.fullmatch(reply.word) else reply.word)
        reason = reason or (lines[-1] if lines else f"the board answers '{reply.word[:40]}'")
        if is_full(reason):
            reason = f"the disk of {self.root} is full there: make room, or run 'edgecompress devices clean'"
        return RuntimeFailedError(f"cannot {what}: {reason}")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
