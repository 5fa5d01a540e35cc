"""The shell of a board that is held for one job: it is taken, programs are called in it, and it is given back."""

import getpass
import platform
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

from edgecompress.deploy import process
from edgecompress.deploy.board import programs
from edgecompress.deploy.board.answer import Answer, script
from edgecompress.deploy.board.contract import Carrier, Ended, Reply
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.process import OnPart
from edgecompress.deploy.transports.contract import MARK
from edgecompress.errors import DeviceLostError, InputError, RuntimeFailedError

READY_SECONDS = 60  # until the work folder is there: a busy board, or one that has much of a cut-off job to remove
_CLOSE_SECONDS = 10
_SHORT_SECONDS = 20
_LOOK_SECONDS = 0.25
_PART = 1 << 18
_END_SECONDS = 1


class Folders(NamedTuple):
    """The folders of a job on a board."""

    root: str  # in which everything is kept there
    work: str  # in it, for this job alone
    is_set_up: bool  # set-up has made an environment with a Python there


@contextmanager
def held(carrier: Carrier, *, folder: str, take: str) -> Iterator[tuple["BoardShell", Folders]]:
    """Hold a board for one job. ``folder`` and ``take``, and what is raised: as of ``connection.connected``."""
    who = f"{getpass.getuser()}@{platform.node()}"
    token, text = script(programs.HOLD, [folder, carrier.root, who, "take" if take == "yes" else "wait"])
    command, first = carrier.command(text, first=True)
    number = ""
    with tempfile.TemporaryFile() as errors:
        holder = process.start(command, errors)
        shell = BoardShell(carrier, holder)
        try:
            root, work, number, is_set_up = _hold(carrier, holder, token, first, errors)
            yield shell, Folders(root, work, bool(is_set_up))
        finally:
            # A board that is gone, or hangs, tidies up by itself when it sees the connection end.
            assert holder.stdin is not None
            if carrier.copy is None:
                holder.stdin.close()
                with suppress(subprocess.TimeoutExpired):
                    holder.wait(timeout=_CLOSE_SECONDS if number else 0)
            elif number:
                shell.quietly(programs.RELEASE, number)
            process.end(holder)


class BoardShell:
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
    ) -> Reply:
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
        reply = answer.reply()
        if reply is None:
            raise self.carrier.failure(what, Ended(code, errors, answer.before), self._holder)
        return reply

    def ask(
        self,
        program: str,
        arguments: Sequence[str],
        deadline: Deadline,
        what: str,
        *,
        on_part: OnPart | None = None,
        content: Iterable[bytes] = (),
    ) -> Reply:
        """As ``call``, of a program whose output is why it failed, unless ``on_part`` takes it."""
        parts: list[bytes] = []
        try:
            reply = self.call(program, arguments, deadline, what, on_part or parts.append, content)
        except TimeoutError as error:
            raise _late(what, deadline) from error
        return Reply(reply.word, b"".join(parts).decode("utf-8", errors="replace") + reply.more)

    def send(self, local: Path, part: str, arguments: Sequence[str], deadline: Deadline, what: str) -> Reply:
        """Copy a file to ``part`` and have it accepted. ``arguments`` are those of ``ACCEPT`` after that."""
        if self.carrier.copy is None:
            return self.ask(programs.ACCEPT, [part, *arguments, "stdin"], deadline, what, content=_content(local))
        tidy = True
        try:
            reply = self.carrier.copy(local, part, deadline, what)
            if reply.word == "copied":
                reply = self.ask(programs.ACCEPT, [part, *arguments, ""], deadline, what)
            tidy = reply.word != "done"
        except TimeoutError as error:
            raise _late(what, deadline) from error
        except DeviceLostError:
            tidy = False
            raise
        finally:
            if tidy:
                self.quietly(programs.REMOVE, part)
        return reply

    def ends(self) -> bool:
        """Return whether the board is not ours any more: the process that holds it ends by itself."""
        try:
            self._holder.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def quietly(self, program: str, argument: str) -> None:
        """Tidy up; whatever stands in the way of that is reported by what else fails."""
        with suppress(RuntimeFailedError):
            self.ask(program, [argument], Deadline.after(_SHORT_SECONDS), "tidy up")


def _hold(carrier: Carrier, holder: subprocess.Popen[bytes], token: str, first: bytes, errors: IO[bytes]) -> list[str]:
    """The root, the work folder, the number of the process that holds them, and whether set-up was there."""
    parts: list[bytes] = []
    answer, deadline = Answer(token, parts.append), Deadline.after(READY_SECONDS)
    assert holder.stdin is not None
    assert holder.stdout is not None
    with suppress(BrokenPipeError):  # it ended; its output has the reason
        holder.stdin.write(first)
    while (reply := answer.reply()) is None:
        if not deadline.left():
            raise DeviceLostError(f"{carrier.name} did not answer within {READY_SECONDS} s")
        part = process.next_part(holder.stdout, min(_LOOK_SECONDS, deadline.left()))
        if part == b"":
            ended = Ended(holder.wait(), process.tail(errors), answer.before)
            raise carrier.failure(f"work on {carrier.name}", ended, None)
        answer(part or b"")
        if not answer.began:
            carrier.look(drowned=answer.drowned)
    if reply.word != "ready":
        with suppress(TimeoutError):
            for part in process.parts(holder.stdout, deadline):
                answer(part)
        reply = answer.reply() or reply
    output = b"".join(parts).decode(errors="surrogateescape")
    if reply.word == "foreign":
        raise InputError(
            f"{carrier.name}: {reply.more} has files in it and not our mark ({MARK}): nothing is made or removed "
            "there; name a folder that is empty or not there yet with 'edgecompress devices add --replace --folder'"
        )
    if reply.word == "busy":
        raise RuntimeFailedError(
            f"{carrier.name} is busy with the job of {reply.more or 'someone else'}: wait for its end, "
            "or end it with 'edgecompress devices clean NAME --force'"
        )
    if reply.word == "ready":
        words = output.split("\0")[1:5]
        if len(words) == 4 and words[2].isdigit():  # as ``HOLD`` says
            return words
        raise RuntimeFailedError(f"{carrier.name}: its answer names no work folder: what answers there?")
    lines = [line for line in output.splitlines() if line.strip()] or ["no reason given"]
    reason = "its disk is full: make room there" if is_full(output) else lines[0]
    raise RuntimeFailedError(f"{carrier.name}: cannot make a work folder there: {reason}")


def is_full(message: str) -> bool:
    """Return whether a message of the board is of a full disk."""
    return "No space left" in message or "quota" in message


def _late(what: str, deadline: Deadline) -> RuntimeFailedError:
    return RuntimeFailedError(f"cannot {what}: not done within {deadline.seconds:g} s")


def _chain(first: bytes, content: Iterable[bytes]) -> Iterable[bytes]:
    yield first
    yield from content


def _content(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while part := stream.read(_PART):
            yield part
