"""The carrier of adb: the client of this machine, called with lists of arguments, its complaints one clear line."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from edgecompress.deploy import process
from edgecompress.deploy.board.contract import Ended, Reply
from edgecompress.deploy.deadline import Deadline
from edgecompress.errors import DeviceLostError, InputError, RuntimeFailedError

UNAUTHORIZED = "does not trust this machine: unlock its screen and accept the key that it shows"
OFFLINE = "is offline: plug it in again, or run: adb reconnect offline"
FORBIDDEN = "may not be used by this user: add a udev rule for it, or run adb's server as root"
GONE = "is not connected: see what is with: adb devices"
LOST = "was lost: the connection or adb's server ended"

# Messages of the client about a connection, and their meaning.
_MEANINGS = (
    (r"device (still )?(un)?authoriz", UNAUTHORIZED),
    (r"device offline", OFFLINE),
    (r"device '.*' not found|no devices", GONE),
    (r"no permissions|insufficient permissions", FORBIDDEN),
    (r"still connecting", "is still connecting: try again"),
    (
        r"error: closed|connection reset|connect failed|protocol fault|EOF|failed to read|couldn't read from device",
        LOST,
    ),
    (r"cannot connect to daemon", "cannot be reached: adb's server does not start, see: adb start-server"),
)
_SUM = re.compile(r"\d+ files? (pushed|pulled), \d+ skipped\.")


def server(deadline: Deadline) -> None:
    """Start adb's server where none runs, so that its message about that stands in no later answer.

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
        raise RuntimeFailedError(f"adb's server does not start: {(_lines(errors) or ['no message'])[-1]}")


def call(arguments: Sequence[str], deadline: Deadline) -> tuple[int, str, str]:
    """One call of the client for no device in particular: its exit code, stdout and stderr.

    Raises:
        RuntimeFailedError: there is no client.
        TimeoutError: it did not end in time.
    """
    parts: list[bytes] = []
    code, errors = process.run(["adb", *arguments], deadline, parts.append)
    return code, b"".join(parts).decode("utf-8", errors="replace"), errors


class AdbClient:
    """See ``board/contract.Carrier``. Scripts go through adb's ``exec`` service.

    It leaves bytes alone and is the same in all releases since Android 5. It has one stream and no exit code, and what
    the client's stdin gets stays here: files are pushed.
    """

    root = (
        'for base in /data/local/tmp "$TMPDIR" /tmp; do [ -d "$base" ] && [ -w "$base" ] && break; done; '
        "root=$base/edgecompress"
    )

    def __init__(self, serial: str) -> None:
        self.serial, self.name = serial, f"adb:{serial}"

    def command(self, script: str, *, first: bool) -> tuple[Sequence[str], bytes]:  # noqa: ARG002  # each is the same
        """The client's call."""
        return ["adb", "-s", self.serial, "exec-out", script], b""

    def look(self, *, drowned: bool) -> None:
        """Nothing: adb itself reports a device that does not answer."""

    def copy(self, local: Path, there: str, deadline: Deadline, what: str) -> Reply:
        """A push."""
        local.open("rb").close()
        parts: list[bytes] = []
        command = ["adb", "-s", self.serial, "push", str(local.absolute()), there]
        code, errors = process.run(command, deadline, parts.append)
        if not code:
            return Reply("copied", "")
        # Some failures are reported on stdout, and a connection that ends in the middle of a copy nowhere.
        message = errors + b"".join(parts).decode("utf-8", errors="replace")
        lines = _lines(message)
        lost = self.lost(message, what)
        if lost or not lines:
            raise lost or self._gone(what)
        return Reply("failed", lines[-1].removeprefix("error: "))

    def failure(self, what: str, ended: Ended, holder: subprocess.Popen[bytes] | None) -> RuntimeFailedError:  # noqa: ARG002
        """The error that the client's end means."""
        return (self.lost(ended.errors, what) if ended.code else None) or self._gone(what)

    def lost(self, message: str, what: str) -> DeviceLostError | None:
        """The error of a message of the client which means that the device cannot be used."""
        # Of a copy only the reason, which stands after both paths: a path may say anything.
        reasons = [line.rsplit("': ", 1)[-1] for line in _lines(message)]
        for sign, meaning in _MEANINGS:
            if any(re.search(sign, reason) for reason in reasons):
                return DeviceLostError(f"cannot {what}: device {self.serial} {meaning}")
        return None

    def _gone(self, what: str) -> DeviceLostError:
        return DeviceLostError(f"cannot {what}: device {self.serial} {LOST}")


def _lines(message: str) -> list[str]:
    """The lines of a message, without those about the server (an asterisk) and progress (a return, a sum)."""
    lines = [line.rsplit("\r", 1)[-1].strip() for line in message.strip().splitlines()]
    return [line.removeprefix("adb: ") for line in lines if line and not line.startswith("*") and not _SUM.search(line)]
