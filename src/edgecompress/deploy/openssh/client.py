"""One ssh process that stays connected to a board, and others that share its connection."""

import secrets
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired

from edgecompress import temporary
from edgecompress.deploy import process
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.openssh import scripts
from edgecompress.deploy.openssh.address import Address
from edgecompress.deploy.openssh.faults import SWALLOWED, explain, refused
from edgecompress.deploy.process import OnPart
from edgecompress.deploy.transports.contract import ENVIRONMENT, MARK
from edgecompress.errors import (
    DeviceLostError,
    EdgecompressError,
    InputError,
    MissingDependencyError,
    RuntimeFailedError,
)

CONNECT_SECONDS = 20  # until keys are exchanged: a board that is not there
READY_SECONDS = 60  # until the work folder is there: a busy board, or one that has much of a cut-off job to remove
SHELL_SECONDS = 8  # from being let in until the login shell runs what it was given
CLOSE_SECONDS = 10
_LOOK_SECONDS = 0.25
_GREETING_BYTES = 1 << 20
_LONGEST_FOLDER = 50  # a socket's whole path may have 104 bytes on some systems; ours and ssh's names are added to it
# On top of the user's configuration. Without a terminal nothing can be asked for, and a board that is switched off must
# be noticed: after a minute of silence.
_OPTIONS = (
    "BatchMode=yes",
    f"ConnectTimeout={CONNECT_SECONDS}",
    "ServerAliveInterval=10",
    "ServerAliveCountMax=6",
    "LogLevel=ERROR",
    "RequestTTY=no",
    "RemoteCommand=none",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "EscapeChar=none",
)


@dataclass(frozen=True)
class Said:
    """A script that ended: what it said, and what was written to stderr before."""

    word: str
    errors: str


@dataclass(frozen=True)
class There:
    """The folders on the board, and whether set-up made an environment there."""

    root: str
    work: str
    is_set_up: bool


class Client:
    """A connection to one board. ``name`` is the device's name in messages."""

    def __init__(self, address: Address, name: str, key: str) -> None:
        self._address, self.name = address, name
        self._ssh = shutil.which("ssh")
        if self._ssh is None:
            raise MissingDependencyError("this needs OpenSSH's ssh, which is not installed: apt install openssh-client")
        self._key = ["-i", str(Path(key).expanduser()), "-o", "IdentitiesOnly=yes"] if key else []
        self._folder = temporary.folder(inside=_short_folder())
        self._sockets = self._folder.__enter__()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the connection
        self._connected = False
        self._said = ""  # by the login shell before our script

    def open(self, root: str, *, break_lock: bool = False) -> There:
        """Connect, and take the board for one job. ``root`` is where all is kept there.

        Raises:
            DeviceLostError: it does not answer, or does not let us in.
            RuntimeFailedError: another job runs there, or its disk is full or not writable.
            InputError: the root is somebody's.
        """
        about_lock = "break" if break_lock else "wait"
        token, command, script = _prepare(scripts.KEEP, [root, _who(), about_lock, ENVIRONMENT, MARK])
        options = [part for option in _OPTIONS for part in ("-o", option)]
        own = ["-M", "-S", str(self._socket), "-o", "ControlPersist=no"]
        destination = self._address.options()
        assert self._ssh is not None
        self._master = process.start([self._ssh, *own, *self._key, *options, *destination, command], self._errors)
        assert self._master.stdin is not None
        assert self._master.stdout is not None
        try:
            self._master.stdin.write(script)
            there = self._greeted(token.encode() + b"\n")
        except BrokenPipeError:
            there = b""  # ssh ended; its words tell why
        if there is not None and there.count(b"\0") >= 3:
            self._connected = True
            folder, work, ready = there.decode(errors="surrogateescape").split("\0")[:3]
            return There(folder, work, bool(ready))
        self._master.wait()
        raise self._not_opened(process.tail(self._errors), token, there)

    def _greeted(self, start: bytes) -> bytes | None:
        """The greeting of the script after its first word, ``start``; ``None``: ssh ended before that.

        Raises:
            DeviceLostError: nothing came in time.
        """
        assert self._master.stdout is not None
        output, deadline, shell = b"", Deadline.after(READY_SECONDS), None
        while deadline.left():
            part = process.next_part(self._master.stdout, min(_LOOK_SECONDS, deadline.left()))
            output += part or b""
            before, found, rest = output.partition(start)
            if rest.count(b"\0") >= 3 or part == b"":
                self._said = before.decode(errors="replace")
                return rest if found else None
            if found:
                continue
            # The socket is there as soon as we are let in: from then on it is the login shell that is waited for.
            shell = shell or (Deadline.after(SHELL_SECONDS) if self._socket.exists() else None)
            if (shell and not shell.left()) or len(output) > _GREETING_BYTES:
                raise DeviceLostError(f"{self.name}: {SWALLOWED}")
        raise DeviceLostError(f"{self.name} did not answer within {READY_SECONDS} s")

    def call(
        self,
        script: str,
        arguments: Sequence[str],
        deadline: Deadline,
        on_part: OnPart = lambda _: None,
        *,
        content: Iterable[bytes] = (),
        close_stdin: bool = False,
    ) -> Said:
        """Run one of ``scripts`` to its end. ``on_part`` gets its output, ``content`` is its input.

        Raises:
            DeviceLostError: the connection was lost.
            RuntimeFailedError: ssh failed in another way.
            TimeoutError: it did not end in time. It does not run on there.
        """
        token, command, text = _prepare(script, arguments)
        # Never a second connection: where the shared one is gone, the proxy that is no program ends this at once.
        own = ["-F", "none", "-S", str(self._socket), "-o", "ControlMaster=no", "-o", "ProxyCommand=exec false"]
        options = ["-T", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "EscapeChar=none"]
        assert self._ssh is not None
        code, errors = process.run(
            [self._ssh, *own, *options, *self._address.options(), command],
            deadline,
            _After(token.encode() + b"\n", on_part),
            content=_chain(text, content),
            close_stdin=close_stdin,
        )
        before, found, word = errors.rpartition(f"\n{token} ")
        if found:
            return Said((word.splitlines() or [""])[0], before)
        try:
            # Where the connection broke, the process that held it is about to end.
            self._master.wait(timeout=1)
        except TimeoutExpired:
            how = f"was killed by signal {-code}" if code < 0 else explain(errors, connected=False)
            raise RuntimeFailedError(f"{self.name}: the ssh process of this step failed: {how}") from None
        raise DeviceLostError(f"{self.name}: {explain('', connected=True)}")

    def close(self) -> None:
        """Disconnect. The board removes the work folder when it sees that, or when the connection breaks."""
        master = getattr(self, "_master", None)
        if master is not None:
            assert master.stdin is not None
            master.stdin.close()
            with suppress(TimeoutExpired):  # a board that hangs will see the connection end
                master.wait(timeout=CLOSE_SECONDS if self._connected else 0)
            process.end(master)
        self._errors.close()
        self._folder.__exit__(None, None, None)

    @property
    def _socket(self) -> Path:
        return self._sockets / "s"

    def _not_opened(self, errors: str, token: str, there: bytes | None) -> EdgecompressError:
        _, found, word = errors.rpartition(f"\n{token} ")
        if not found:
            # 255 is ssh's own code; another is that of what the login shell ran instead.
            if there is None and self._master.returncode not in (255, None) and self._master.returncode > 0:
                return DeviceLostError(f"{self.name}: {refused(self._said or errors)}")
            return DeviceLostError(f"{self.name}: {explain(errors, connected=False)}")
        kind, _, rest = (word.splitlines() or [""])[0].partition(" ")
        if kind == "foreign":
            return InputError(
                f"{self.name}: {rest} has files in it and not our mark ({MARK}): nothing is made or removed there; "
                "name a folder that is empty or not there yet with 'edgecompress devices add --replace --folder'"
            )
        if kind == "busy":
            return RuntimeFailedError(
                f"{self.name} is busy with the job of {rest or 'someone else'}: wait for its end, "
                "or end it with 'edgecompress devices clean NAME --force'"
            )
        lines = [line for line in errors.splitlines() if line.strip()] or ["no reason given"]
        reason = "its disk is full: make room there" if "No space left" in lines[0] else lines[0]
        return RuntimeFailedError(f"{self.name}: cannot make a work folder there: {reason}")


class _After:
    """Hands on what comes after a mark: a login shell may print before a script starts."""

    def __init__(self, mark: bytes, on_part: OnPart) -> None:
        self._mark, self._on_part, self._waiting, self._seen = mark, on_part, True, b""

    def __call__(self, part: bytes) -> None:
        if self._waiting:
            self._seen += part
            _, found, part = self._seen.partition(self._mark)
            self._waiting = not found
        if part:
            self._on_part(part)


def _prepare(script: str, arguments: Sequence[str]) -> tuple[str, str, bytes]:
    """A token, the command for the login shell there, and what that reads first: the script and its arguments.

    The command has nothing in it that any login shell (sh, csh, fish) could read in a way of its own, and the
    arguments, whatever is in them, are seen by sh alone.
    """
    token = f"edgecompress-{secrets.token_hex(8)}"
    words = " ".join(shlex.quote(word) for word in (token, *arguments))
    text = f"set -- {words}\n{script}".encode(errors="surrogateescape")
    return token, f"""exec sh -c 'eval "$(dd bs=1 count={len(text)} 2>/dev/null)"'""", text


def _chain(first: bytes, content: Iterable[bytes]) -> Iterable[bytes]:
    yield first
    yield from content


def _short_folder() -> Path:
    usual = tempfile.gettempdir()
    return Path(usual if len(usual) <= _LONGEST_FOLDER else "/tmp")  # noqa: S108  # the folder made in it is private


def _who() -> str:
    """The name of who asks, for whoever finds the board busy."""
    import getpass
    import platform

    return f"{getpass.getuser()}@{platform.node()}"
