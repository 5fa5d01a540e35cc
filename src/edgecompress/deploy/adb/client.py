"""The adb client of this machine: called with lists of arguments, its complaints turned into one clear line."""

import re
import subprocess
from collections.abc import Sequence
from typing import IO

from edgecompress.deploy import process
from edgecompress.deploy.adb import scripts
from edgecompress.deploy.adb.trailer import Told, Trailer, new_mark
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.process import OnPart
from edgecompress.errors import DeviceLostError, InputError, RuntimeFailedError

UNAUTHORIZED = "does not trust this machine: unlock its screen and accept the key that it shows"
OFFLINE = "is offline: plug it in again, or run: adb reconnect offline"
FORBIDDEN = "may not be used by this user: add a udev rule for it, or run adb's server as root"
GONE = "is not connected: see what is with: adb devices"
LOST = "was lost: the connection or adb's server ended"

# What the client says of a connection, and what that means.
_SAID = (
    (r"device (still )?(un)?authoriz", UNAUTHORIZED),
    (r"device offline", OFFLINE),
    (r"device '.*' not found|no devices", GONE),
    (
        r"no permissions|insufficient permissions",
        "may not be used by this user: add a udev rule for it, or run adb's server as root",
    ),
    (r"still connecting", "is still connecting: try again"),
    (
        r"error: closed|connection reset|connect failed|protocol fault|EOF|failed to read|couldn't read from device",
        LOST,
    ),
    (r"cannot connect to daemon", "cannot be reached: adb's server does not start, see: adb start-server"),
)
_SUM = re.compile(r"\d+ files? (pushed|pulled), \d+ skipped\.")


def server(deadline: Deadline) -> None:
    """Start adb's server where none runs, so that what it says of that stands in no later answer.

    Raises:
        InputError: there is no adb client here.
        RuntimeFailedError: the server does not start.
    """
    try:
        code, _, errors = call(["start-server"], deadline)
    except TimeoutError as error:
        raise RuntimeFailedError(f"adb's server did not start within {deadline.seconds:g} s") from error
    except RuntimeFailedError as error:
        raise InputError(
            "there is no adb client on PATH: install Android's platform-tools (on Debian: apt-get install adb)"
        ) from error
    if code:
        raise RuntimeFailedError(f"adb's server does not start: {(_lines(errors) or ['it does not say why'])[-1]}")


def call(arguments: Sequence[str], deadline: Deadline) -> tuple[int, str, str]:
    """One call of the client for no device in particular: its exit code, stdout and stderr.

    Raises:
        RuntimeFailedError: there is no client.
        TimeoutError: it did not end in time.
    """
    parts: list[bytes] = []
    code, errors = process.run(["adb", *arguments], deadline, parts.append)
    return code, b"".join(parts).decode("utf-8", errors="replace"), errors


class Client:
    """The client, told which device is meant. ``what`` says in errors what a call is for: "cannot WHAT"."""

    def __init__(self, serial: str) -> None:
        self.serial = serial

    def copy(self, arguments: Sequence[str], deadline: Deadline, what: str) -> None:
        """A push or a pull.

        Raises:
            DeviceLostError: the device is not there any more.
            RuntimeFailedError: the call failed or did not end in time.
        """
        parts: list[bytes] = []
        try:
            code, errors = process.run(["adb", "-s", self.serial, *arguments], deadline, parts.append)
        except TimeoutError as error:
            raise RuntimeFailedError(f"cannot {what}: not done within {deadline.seconds:g} s") from error
        if code:
            # Some failures are told on stdout, and a connection that ends in the middle of a copy nowhere.
            said = errors + b"".join(parts).decode("utf-8", errors="replace")
            raise self.failure(said, what) if _lines(said) else self._lost(what)

    def execute(self, script: str, mark: str, deadline: Deadline, on_part: OnPart, what: str) -> Told:
        """Run one of ``scripts`` to its end. ``on_part`` gets its output without what it told.

        Raises:
            DeviceLostError: the device is not there, or the connection was lost before the end.
            TimeoutError: it did not end in time.
        """
        trailer = Trailer(mark, on_part)
        code, errors = process.run(["adb", "-s", self.serial, "exec-out", script], deadline, trailer)
        told = trailer.told()
        if told is not None:
            return told
        failed = self.failure(errors, what) if code else None
        raise failed if isinstance(failed, DeviceLostError) else self._lost(what)

    def say(self, script: str, deadline: Deadline, what: str) -> tuple[int, str]:
        """Run a script of our own: its exit code, and what it said.

        Raises:
            DeviceLostError: as ``execute``.
            RuntimeFailedError: it did not end in time.
        """
        mark = new_mark()
        parts: list[bytes] = []
        try:
            told = self.execute(scripts.own(mark, script), mark, deadline, parts.append, what)
        except TimeoutError as error:
            raise RuntimeFailedError(f"cannot {what}: not done within {deadline.seconds:g} s") from error
        return told.number, b"".join(parts).decode("utf-8", errors="replace")

    def stay(
        self, script: str, mark: str, deadline: Deadline, errors: IO[bytes], what: str
    ) -> tuple[subprocess.Popen[bytes], bytes, Told]:
        """Start a script that tells something and goes on until ``process.end`` ends the client.

        Returns:
            The client, what the script wrote before it told something, and what it told.

        Raises:
            DeviceLostError: as ``execute``.
            RuntimeFailedError: nothing came in time.
        """
        parts: list[bytes] = []
        trailer = Trailer(mark, parts.append)
        child = process.start(["adb", "-s", self.serial, "exec-out", script], errors)
        try:
            assert child.stdout is not None
            for part in process.parts(child.stdout, deadline):
                trailer(part)
                told = trailer.told()
                if told is not None:
                    return child, b"".join(parts), told
        except TimeoutError as error:
            process.end(child)
            raise RuntimeFailedError(f"cannot {what}: not done within {deadline.seconds:g} s") from error
        except BaseException:
            process.end(child)
            raise
        process.end(child)
        failed = self.failure(process.tail(errors), what)
        raise failed if isinstance(failed, DeviceLostError) else self._lost(what)

    def failure(self, said: str, what: str) -> RuntimeFailedError:
        """The error that the client's or the device's words mean."""
        if "no space left" in said.lower():
            return RuntimeFailedError(f"cannot {what}: no space left on device {self.serial}")
        lines = _lines(said)
        # Of a copy only the reason, which stands after both paths: a path may say anything.
        reasons = [line.rsplit("': ", 1)[-1] for line in lines]
        for sign, meaning in _SAID:
            if any(re.search(sign, reason) for reason in reasons):
                return DeviceLostError(f"cannot {what}: device {self.serial} {meaning}")
        return RuntimeFailedError(
            f"cannot {what}: {lines[-1].removeprefix('error: ') if lines else 'adb said nothing'}"
        )

    def _lost(self, what: str) -> DeviceLostError:
        return DeviceLostError(f"cannot {what}: device {self.serial} {LOST}")


def _lines(said: str) -> list[str]:
    """The lines that were said, without those about the server (an asterisk) and progress (a return, a sum)."""
    lines = [line.rsplit("\r", 1)[-1].strip() for line in said.strip().splitlines()]
    return [line.removeprefix("adb: ") for line in lines if line and not line.startswith("*") and not _SUM.search(line)]
