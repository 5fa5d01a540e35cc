"""A connection to a board through a carrier: files by their SHA-256, programs, one job at a time."""

import getpass
import hashlib
import platform
import re
import secrets
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from edgecompress.deploy import process
from edgecompress.deploy.board import programs
from edgecompress.deploy.board.answer import Answer, script
from edgecompress.deploy.board.contract import Carrier, Ended, Told
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.process import Finished, Lines, OnLine, OnPart
from edgecompress.deploy.transports.contract import ENVIRONMENT, MARK
from edgecompress.errors import DeviceLostError, InputError, RuntimeFailedError

PYTHON = "python3"
READY_SECONDS = 60  # until the work folder is there: a busy board, or one that has much of a cut-off job to remove
_CLOSE_SECONDS = 10
_SHORT_SECONDS = 20
_LOOK_SECONDS = 0.25
_PART = 1 << 18
_KEPT_FROM = 32 * 1024  # bytes; asking whether the board holds a file costs as much as sending a smaller one
_HIGHEST_SIGNAL = 64
_KILLED = "137"  # as a shell says SIGKILL
_END_SECONDS = 1
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
    who = f"{getpass.getuser()}@{platform.node()}"
    token, text = script(programs.HOLD, [folder, carrier.root, who, "take" if take == "yes" else "wait"])
    command, first = carrier.command(text, first=True)
    number = ""
    with tempfile.TemporaryFile() as errors:
        holder = process.start(command, errors)
        board = _Board(carrier, holder)
        try:
            root, work, number, is_set_up = _hold(carrier, holder, token, first, errors)
            connection = BoardConnection(board, root, work, python or PYTHON)
            if is_set_up:
                connection.python = f"{root}/{ENVIRONMENT}/python"
            yield connection
        finally:
            # A board that is gone, or hangs, tidies up by itself when it sees the connection end.
            assert holder.stdin is not None
            if carrier.copy is None:
                holder.stdin.close()
                with suppress(subprocess.TimeoutExpired):
                    holder.wait(timeout=_CLOSE_SECONDS if number else 0)
            elif number:
                board.quietly(programs.RELEASE, number)
            process.end(holder)


class BoardConnection:
    """See ``transports/contract.Connection``. ``root`` is the folder there in which everything is kept."""

    def __init__(self, board: "_Board", root: str, work: str, python: str) -> None:
        self._board, self._work = board, work
        self._name = board.carrier.name
        self.root: str | None = root
        self.python = self.own_python = python

    def push(self, local: Path, remote: str, deadline: Deadline) -> None:
        """Copy a file into the work folder, unless the board holds it from an earlier time: it knows it by its sum."""
        what = f"copy {local} to {self._name}"
        target, part = f"{self._work}/{remote}", f"{self._work}/.part-{secrets.token_hex(6)}"
        try:
            digest = _digest(local)
            blob = f"{self.root}/blobs/{digest}" if local.stat().st_size >= _KEPT_FROM else ""
            if blob and self._board.ask(programs.PLACE, [blob, digest, target], deadline, what).word == "done":
                return
            said = self._board.send(local, part, [digest, target, blob], deadline, what)
        except OSError as error:
            raise RuntimeFailedError(f"cannot {what}: {error.strerror}") from error
        if said.word != "done":
            raise self._failed(what, said)

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

                said = self._board.ask(programs.FETCH, [f"{self._work}/{remote}"], deadline, what, on_part=on_part)
            if said.word != digest.hexdigest():
                raise self._failed(what, said)
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
            said = self._board.call(programs.RUN, [self._work, *arguments], deadline, f"run {name}", lines)
        except TimeoutError as error:
            raise RuntimeFailedError(f"{name} did not finish within {deadline.seconds:g} s") from error
        # Of a job that is taken over the program is killed, and that may be told before the connection ends.
        if said.word == "gone" or (said.word == _KILLED and self._board.ends()):
            raise DeviceLostError(f"{self._name}: its work folder is gone: restarted, cleaned or taken by someone")
        if said.word == "missing":
            mend = "; install Python there, or run 'edgecompress devices setup'" if program == self.python else ""
            raise RuntimeFailedError(f"cannot start {program}: there is none on {self._name}{mend}")
        if not re.fullmatch(r"\d{1,3}", said.word):
            raise RuntimeFailedError(f"{self._name} says '{said.word[:40]}' for an exit code: what answers there?")
        code = int(said.word)
        # A shell says 128 and the signal's number. No program that ends by itself should use those codes.
        signalled = 128 < code <= 128 + _HIGHEST_SIGNAL
        return Finished(128 - code if signalled else code, lines.finish(), said.more)

    def _failed(self, what: str, said: Told) -> RuntimeFailedError:
        lines = [line.strip() for line in said.more.splitlines() if line.strip()]
        reason = {
            "absent": "it is not there",
            "short": "what arrived is not what was sent; run the same command again",
            "nosum": "there is no sha256sum there: install coreutils or BusyBox",
        }.get("short" if _SHA256.fullmatch(said.word) else said.word)
        reason = reason or (lines[-1] if lines else f"the board says '{said.word[:40]}'")
        if _is_full(reason):
            reason = f"the disk of {self.root} is full there: make room, or run 'edgecompress devices clean'"
        return RuntimeFailedError(f"cannot {what}: {reason}")


class _Board:
    """Programs run on the board through a carrier while ``holder``, its first command, stays."""

    def __init__(self, carrier: Carrier, holder: subprocess.Popen[bytes]) -> None:
        self.carrier, self._holder = carrier, holder

    def call(
        self,
        program: str,
        arguments: Sequence[str],
        deadline: Deadline,
        what: str,
        on_part: OnPart,
        content: Iterable[bytes] | None = None,
    ) -> Told:
        """One of ``programs`` run to its end. ``on_part`` gets its output, ``content`` is its input, which then ends.

        Raises:
            DeviceLostError: the connection was lost.
            RuntimeFailedError: the carrier failed in another way.
            TimeoutError: it did not end in time. It does not run on there.
        """
        token, text = script(program, arguments)
        command, first = self.carrier.command(text, first=False)
        answer = Answer(token, on_part)
        code, errors = process.run(
            command, deadline, answer, content=_chain(first, content or ()), close_stdin=content is not None
        )
        told = answer.told()
        if told is None:
            raise self.carrier.failure(what, Ended(code, errors, answer.before), self._holder)
        return told

    def ask(
        self,
        program: str,
        arguments: Sequence[str],
        deadline: Deadline,
        what: str,
        *,
        on_part: OnPart | None = None,
        content: Iterable[bytes] = (),
    ) -> Told:
        """As ``call``, of a program whose output is why it failed, unless ``on_part`` takes it."""
        parts: list[bytes] = []
        try:
            told = self.call(program, arguments, deadline, what, on_part or parts.append, content)
        except TimeoutError as error:
            raise _late(what, deadline) from error
        return Told(told.word, b"".join(parts).decode("utf-8", errors="replace") + told.more)

    def send(self, local: Path, part: str, arguments: Sequence[str], deadline: Deadline, what: str) -> Told:
        """Copy a file to ``part`` and have it accepted. ``arguments`` are those of ``ACCEPT`` after that."""
        if self.carrier.copy is None:
            return self.ask(programs.ACCEPT, [part, *arguments, "stdin"], deadline, what, content=_content(local))
        tidy = True
        try:
            said = self.carrier.copy(local, part, deadline, what)
            if said.word == "copied":
                said = self.ask(programs.ACCEPT, [part, *arguments, ""], deadline, what)
            tidy = said.word != "done"
        except TimeoutError as error:
            raise _late(what, deadline) from error
        except DeviceLostError:
            tidy = False
            raise
        finally:
            if tidy:
                self.quietly(programs.REMOVE, part)
        return said

    def ends(self) -> bool:
        """Return whether the board is not ours any more: the process that holds it ends by itself."""
        try:
            self._holder.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def quietly(self, program: str, argument: str) -> None:
        """Tidy up; whatever stands in the way of that is told by what else fails."""
        with suppress(RuntimeFailedError):
            self.ask(program, [argument], Deadline.after(_SHORT_SECONDS), "tidy up")


def _hold(carrier: Carrier, holder: subprocess.Popen[bytes], token: str, first: bytes, errors: IO[bytes]) -> list[str]:
    """The root, the work folder, the number of the process that holds them, and whether set-up was there."""
    parts: list[bytes] = []
    answer, deadline = Answer(token, parts.append), Deadline.after(READY_SECONDS)
    assert holder.stdin is not None
    assert holder.stdout is not None
    with suppress(BrokenPipeError):  # it ended; its words tell why
        holder.stdin.write(first)
    while (told := answer.told()) is None:
        if not deadline.left():
            raise DeviceLostError(f"{carrier.name} did not answer within {READY_SECONDS} s")
        part = process.next_part(holder.stdout, min(_LOOK_SECONDS, deadline.left()))
        if part == b"":
            ended = Ended(holder.wait(), process.tail(errors), answer.before)
            raise carrier.failure(f"work on {carrier.name}", ended, None)
        answer(part or b"")
        if not answer.began:
            carrier.look(drowned=answer.drowned)
    if told.word != "ready":
        with suppress(TimeoutError):
            for part in process.parts(holder.stdout, deadline):
                answer(part)
        told = answer.told() or told
    said = b"".join(parts).decode(errors="surrogateescape")
    if told.word == "foreign":
        raise InputError(
            f"{carrier.name}: {told.more} has files in it and not our mark ({MARK}): nothing is made or removed there; "
            "name a folder that is empty or not there yet with 'edgecompress devices add --replace --folder'"
        )
    if told.word == "busy":
        raise RuntimeFailedError(
            f"{carrier.name} is busy with the job of {told.more or 'someone else'}: wait for its end, "
            "or end it with 'edgecompress devices clean NAME --force'"
        )
    if told.word == "ready":
        words = said.split("\0")[1:5]
        if len(words) == 4 and words[2].isdigit():  # as ``HOLD`` says
            return words
        raise RuntimeFailedError(f"{carrier.name}: it does not say where it works: what answers there?")
    lines = [line for line in said.splitlines() if line.strip()] or ["no reason given"]
    reason = "its disk is full: make room there" if _is_full(said) else lines[0]
    raise RuntimeFailedError(f"{carrier.name}: cannot make a work folder there: {reason}")


def _late(what: str, deadline: Deadline) -> RuntimeFailedError:
    return RuntimeFailedError(f"cannot {what}: not done within {deadline.seconds:g} s")


def _is_full(said: str) -> bool:
    return "No space left" in said or "quota" in said


def _chain(first: bytes, content: Iterable[bytes]) -> Iterable[bytes]:
    yield first
    yield from content


def _content(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while part := stream.read(_PART):
            yield part


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
