"""A portable runtime as a device's environment: a Python with a loader and libraries of its own, from one archive.

``tools/arm64/portable`` makes it, for Android and for boards without Python. See docs/android.md.
"""

import hashlib
from pathlib import Path

from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.transports.contract import ENVIRONMENT, Connection
from edgecompress.errors import InputError, RuntimeFailedError

# Arguments: the folder of the environment, the archive's SHA-256, which is its name too, and what its Python must run.
# Says "installed", "there", "absent", or what went wrong and "broken". What is there stays until the new one has run,
# whose files are on the disk before it gets the name: a file system may write names before contents. Nothing is
# imported from the folder that it runs in, which others may write to.
_INSTALL = """
exec 2>&1
export PYTHONSAFEPATH=1
home=$1 part=$1.part
[ "$(cat "$home/.archive" 2>/dev/null)" = "$2" ] && "$home/python" -c "$3" >/dev/null 2>&1 && { echo there; exit 0; }
[ -f "$2" ] || { echo absent; exit 0; }
rm -rf "$part"
trap 'rm -rf "$part"' EXIT
mkdir -p "$part" && tar -xzf "$2" -C "$part" || exit 1
for shell in /system/bin/sh /bin/sh; do [ ! -x $shell ] || break; done
cat > "$part/python" <<END && chmod 755 "$part/python" && echo "$2" > "$part/.archive" || exit 1
#!$shell
home=\\${0%/*}
export PYTHONHOME="\\$home" PYTHONPATH="\\$home/packages"
exec "\\$home/ld.so" --library-path "\\$home/lib" "\\$home/python3" "\\$@"
END
"$part/python" -c "$3" || { echo; echo broken; exit 0; }
sync
rm -rf "$home" && mv "$part" "$home" && echo installed
"""
_FULL = ("No space left", "Wrote only", "short write")  # the two others are GNU tar's and BusyBox's
_PROOF = "import numpy, psutil, platform; print(platform.machine())"


def install(connection: Connection, archive: Path, deadline: Deadline) -> str:
    """Make the runtime in ``archive`` the device's environment, unless it is already. Returns its interpreter there.

    Raises:
        InputError: there is no such archive.
        RuntimeFailedError: nothing is kept on this device, there is no room, or the runtime does not run there.
    """
    if connection.root is None:
        raise RuntimeFailedError("nothing is kept on this device: give it an address of its own, ssh:// or adb:")
    try:
        with archive.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {archive}: {error.strerror}; make it with tools/arm64/portable") from error
    lines = _install(connection, digest, deadline)
    if lines == ["absent"]:
        connection.push(archive, digest, deadline)
        lines = _install(connection, digest, deadline)
    if lines[-1] == "broken":
        raise RuntimeFailedError(
            f"the runtime in {archive} does not run there (is it of another architecture?): {_reason(lines[:-1])}"
        )
    return f"{connection.root}/{ENVIRONMENT}/python"


def _install(connection: Connection, digest: str, deadline: Deadline) -> list[str]:
    """The output of the script, in lines."""
    arguments = ["sh", "-c", _INSTALL, "sh", f"{connection.root}/{ENVIRONMENT}", digest, _PROOF]
    finished = connection.run(arguments, deadline, lambda _: None)
    lines = finished.output.strip().splitlines()
    if finished.code or not lines:
        raise RuntimeFailedError(f"cannot unpack the runtime there: {_reason(lines or finished.errors.splitlines())}")
    return lines


def _reason(output: list[str]) -> str:
    """The reason why it failed: a full disk, which tar reports before its last line, or else the last line."""
    lines = [line.strip() for line in output if line.strip()] or ["no message"]
    full = any(sign in line for line in lines for sign in _FULL)
    return "the disk is full there: make room, or run 'edgecompress devices clean'" if full else lines[-1]
