"""The carrier of ssh: one ssh process that stays connected to a board, and others that share its connection."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from edgecompress.deploy.board.contract import Ended
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.openssh.address import Address
from edgecompress.deploy.openssh.faults import SWALLOWED, explain, is_unknown_key, refused, unknown_key
from edgecompress.errors import DeviceLostError, MissingDependencyError, RuntimeFailedError

CONNECT_SECONDS = 20  # until keys are exchanged: a board that is not there
SHELL_SECONDS = 8  # from being let in until the login shell runs what it was given
_OWN_CODE = 255  # ssh's
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
    "ControlPersist=no",
)


class SshClient:
    """See ``board/contract.Carrier``. ``sockets`` is a folder for the connection's socket, see ``short_folder``."""

    root = "root=${XDG_CACHE_HOME:-$HOME/.cache}/edgecompress"
    copy = None

    def __init__(self, address: Address, name: str, key: str, sockets: Path) -> None:
        self._address, self.name = address, name
        program = shutil.which("ssh")
        if program is None:
            raise MissingDependencyError("this needs OpenSSH's ssh, which is not installed: apt install openssh-client")
        self._ssh = program
        self._key = ["-i", str(Path(key).expanduser()), "-o", "IdentitiesOnly=yes"] if key else []
        self._socket = sockets / "s"
        self._let_in: Deadline | None = None

    def command(self, script: str, *, first: bool) -> tuple[Sequence[str], bytes]:
        """The command for the login shell there, and what sh then reads: the script.

        The command has nothing in it that any login shell (sh, csh, fish) could read in a way of its own, and the
        script's arguments, whatever is in them, are seen by sh alone.
        """
        text = script.encode(errors="surrogateescape")
        if first:
            own = ["-M", "-S", str(self._socket), *self._key, *(part for each in _OPTIONS for part in ("-o", each))]
        else:
            # Never a second connection: where the shared one is gone, the proxy that is no program ends this at once.
            own = ["-F", "none", "-S", str(self._socket), "-o", "ControlMaster=no", "-o", "ProxyCommand=exec false"]
            own += ["-T", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "EscapeChar=none"]
        there = f"""exec sh -c 'eval "$(dd bs=1 count={len(text)} 2>/dev/null)"'"""
        return [self._ssh, *own, *self._address.options(), there], text

    def look(self, *, drowned: bool) -> None:
        """The socket is there as soon as we are let in: from then on it is the login shell that is waited for."""
        if self._let_in is None and self._socket.exists():
            self._let_in = Deadline.after(SHELL_SECONDS)
        if drowned or (self._let_in and not self._let_in.left()):
            raise DeviceLostError(f"{self.name}: {SWALLOWED}")

    def failure(self, what: str, ended: Ended, holder: subprocess.Popen[bytes] | None) -> RuntimeFailedError:  # noqa: ARG002
        """The error that the end of an ssh process means."""
        if holder is None:
            # Another code than ssh's own is that of what the login shell ran instead.
            if ended.before is not None and 0 < ended.code != _OWN_CODE:
                return DeviceLostError(f"{self.name}: {refused(ended.before or ended.errors)}")
            if is_unknown_key(ended.errors):
                return DeviceLostError(f"{self.name}: {unknown_key(self._shown_key(), self._address.command)}")
            return DeviceLostError(f"{self.name}: {explain(ended.errors, connected=False)}")
        try:
            # Where the connection broke, the process that held it is about to end.
            holder.wait(timeout=1)
        except subprocess.TimeoutExpired:
            killed = f"was killed by signal {-ended.code}" if ended.code < 0 else ""
            how = killed or explain(ended.errors, connected=False)
            return RuntimeFailedError(f"{self.name}: the ssh process of this step failed: {how}")
        return DeviceLostError(f"{self.name}: {explain('', connected=True)}")

    def _shown_key(self) -> str:
        """All that ssh prints of a connection to the board that is refused for its host key, the key among it."""
        options = (
            "BatchMode=yes",
            f"ConnectTimeout={CONNECT_SECONDS}",
            "StrictHostKeyChecking=yes",
            "ControlPath=none",
        )
        own = [*self._key, *(part for each in options for part in ("-o", each))]
        with suppress(subprocess.TimeoutExpired):
            done = subprocess.run(
                [self._ssh, "-v", *own, *self._address.options(), "true"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=2 * CONNECT_SECONDS,
                check=False,
            )
            return done.stderr.decode(errors="replace")
        return ""


def short_folder() -> Path:
    """The folder for temporary ones in which a socket's path is short enough."""
    usual = tempfile.gettempdir()
    return Path(usual if len(usual) <= _LONGEST_FOLDER else "/tmp")  # noqa: S108  # the folder made in it is private
