"""Ssh: a board reached by the user's own OpenSSH client, with its configuration, agent, jump hosts and known hosts."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.openssh import scripts
from edgecompress.deploy.openssh.address import parse
from edgecompress.deploy.openssh.client import Client, Said
from edgecompress.deploy.process import Finished, Lines, OnLine, OnPart
from edgecompress.deploy.transports.contract import ENVIRONMENT
from edgecompress.errors import DeviceLostError, RuntimeFailedError

PYTHON = "python3"
_PART = 1 << 18
_CACHED_FROM = 32 * 1024  # bytes; asking whether the board holds a file costs as much as sending a smaller one
_HIGHEST_SIGNAL = 64


@contextmanager
def ssh(
    address: str, *, python: str = "", key: str = "", folder: str = "", take: str = ""
) -> Iterator["SshConnection"]:
    """Connect to ``[user@]host[:port]`` and take the board: one job at a time.

    Args:
        address: Where; the host may be an alias of the user's ssh configuration.
        python: The board's own interpreter. Empty: ``python3``. An environment that ``devices setup`` made goes first.
        key: A private key's file. Empty: those that ssh itself would offer.
        folder: Where everything is kept there, from the home folder unless absolute: one that is not there yet, is
            empty or is ours. Not named: ``~/.cache/edgecompress``.
        take: ``yes`` ends a job of someone else that runs there.

    Raises:
        InputError: the address is not of that form, or the folder is somebody's.
        DeviceLostError: the board does not answer, or does not let us in.
        RuntimeFailedError: it is busy, or has no room.
    """
    client = Client(parse(address), f"ssh://{address}", key)
    try:
        there = client.open(folder, break_lock=take == "yes")
        connection = SshConnection(client, there.root, there.work, python or PYTHON)
        if there.is_set_up:
            connection.python = f"{there.root}/{ENVIRONMENT}/python"
        yield connection
    finally:
        client.close()


class SshConnection:
    """See ``contract.Connection``. ``root`` is the folder there in which everything is kept."""

    def __init__(self, client: Client, root: str, work: str, python: str) -> None:
        self._client, self._work = client, work
        self.root: str | None = root
        self.python = self.own_python = python

    def push(self, local: Path, remote: str, deadline: Deadline) -> None:
        """Copy a file into the work folder, unless the board holds it from an earlier time: it knows it by its sum."""
        target = f"{self._work}/{remote}"
        try:
            digest, size = _digest(local), local.stat().st_size
            if size >= _CACHED_FROM:
                said = self._call(scripts.HOLD, [self._blobs, digest, target], deadline, f"copy {local}")
                if said.word == "done":
                    return
            keep = "keep" if size >= _CACHED_FROM else "once"
            arguments = [self._blobs, digest, target, keep]
            said = self._call(scripts.SEND, arguments, deadline, f"copy {local}", content=_content(local))
        except OSError as error:
            raise RuntimeFailedError(f"cannot copy {local} to {self._client.name}: {error.strerror}") from error
        if said.word != "done":
            raise self._failed(f"copy {local} to {self._client.name}", said)

    def pull(self, remote: str, local: Path, deadline: Deadline) -> None:
        """Copy a file out of the work folder."""
        what = f"copy {remote} from {self._client.name}"
        part = local.with_name(f".{local.name}.part")
        digest = hashlib.sha256()
        try:
            with part.open("wb") as stream:

                def on_part(content: bytes) -> None:
                    digest.update(content)
                    stream.write(content)

                said = self._call(scripts.FETCH, [f"{self._work}/{remote}"], deadline, what, on_part=on_part)
            if said.word != digest.hexdigest():
                raise self._failed(what, said)
            part.replace(local)
        except OSError as error:
            raise RuntimeFailedError(f"cannot {what}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)

    def run(self, arguments: Sequence[str], deadline: Deadline, on_line: OnLine) -> Finished:
        """Run a program in the work folder. It ends when the connection does."""
        program = arguments[0]
        lines = Lines(on_line)
        try:
            said = self._client.call(scripts.RUN, [self._work, *arguments], deadline, lines)
        except TimeoutError as error:
            name = program.rsplit("/", 1)[-1]
            raise RuntimeFailedError(f"{name} did not finish within {deadline.seconds:g} s") from error
        if said.word == "gone":
            raise DeviceLostError(f"{self._client.name}: its work folder is gone: restarted, or cleaned by someone")
        if said.word == "missing":
            mend = "; install Python there, or run 'edgecompress devices setup'" if program == self.python else ""
            raise RuntimeFailedError(f"cannot start {program}: there is none on {self._client.name}{mend}")
        if not re.fullmatch(r"\d{1,3}", said.word):
            raise RuntimeFailedError(
                f"{self._client.name} says '{said.word[:40]}' for an exit code: what answers there?"
            )
        code = int(said.word)
        # A shell says 128 and the signal's number. No program that ends by itself should use those codes.
        signalled = 128 < code <= 128 + _HIGHEST_SIGNAL
        return Finished(128 - code if signalled else code, lines.finish(), said.errors)

    @property
    def _blobs(self) -> str:
        return f"{self.root}/blobs"

    def _call(
        self,
        script: str,
        arguments: Sequence[str],
        deadline: Deadline,
        what: str,
        *,
        on_part: OnPart = lambda _: None,
        content: Iterable[bytes] = (),
    ) -> Said:
        """A script that ends when its input does."""
        try:
            return self._client.call(script, arguments, deadline, on_part, content=content, close_stdin=True)
        except TimeoutError as error:
            raise RuntimeFailedError(f"cannot {what}: not done within {deadline.seconds:g} s") from error

    def _failed(self, what: str, said: Said) -> RuntimeFailedError:
        lines = [line.strip() for line in said.errors.splitlines() if line.strip()]
        reason = {
            "absent": "it is not there",
            "short": "what arrived is not what was sent; run the same command again",
            "nosum": "there is no sha256sum there: install coreutils or BusyBox",
        }.get(said.word, lines[-1] if lines else f"the board says '{said.word}'")
        if "No space left" in reason or "quota" in reason:
            reason = f"the disk of {self.root} is full there: make room, or run 'edgecompress devices clean'"
        return RuntimeFailedError(f"cannot {what}: {reason}")


def _content(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while part := stream.read(_PART):
            yield part


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
