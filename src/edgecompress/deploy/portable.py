"""A portable runtime as a device's environment: a Python with a loader and libraries of its own, from one archive.

``tools/arm64/portable`` makes it, for Android and for boards without Python. See docs/android.md.
"""

import hashlib
from pathlib import Path

from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.transports.contract import ENVIRONMENT, Connection
from edgecompress.errors import InputError, RuntimeFailedError

# Arguments: the folder of the environment, and the archive's SHA-256, which is its name too.
# Says "installed", "there" or "absent".
_INSTALL = """
exec 2>&1
home=$1 part=$1.part
[ "$(cat "$home/.archive" 2>/dev/null)" = "$2" ] && { echo there; exit 0; }
[ -f "$2" ] || { echo absent; exit 0; }
rm -rf "$part"
mkdir -p "$part" && tar -xzf "$2" -C "$part" || { rm -rf "$part"; exit 1; }
for shell in /system/bin/sh /bin/sh; do [ ! -x $shell ] || break; done
cat > "$part/python" <<END || exit 1
#!$shell
home=\\${0%/*}
export PYTHONHOME="\\$home" PYTHONPATH="\\$home/packages"
exec "\\$home/ld.so" --library-path "\\$home/lib" "\\$home/python3" "\\$@"
END
echo "$2" > "$part/.archive"
chmod 755 "$part/python" && rm -rf "$home" && mv "$part" "$home" && echo installed
"""
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
    if _install(connection, digest, deadline) == "absent":
        connection.push(archive, digest, deadline)
        _install(connection, digest, deadline)
    python = f"{connection.root}/{ENVIRONMENT}/python"
    finished = connection.run([python, "-c", _PROOF], deadline, lambda _: None)
    if finished.code:
        lines = finished.errors.strip().splitlines()
        said = lines[-1] if lines else f"exit code {finished.code}"
        raise RuntimeFailedError(
            f"the runtime in {archive} does not run there (is it of another architecture?): {said}"
        )
    return python


def _install(connection: Connection, digest: str, deadline: Deadline) -> str:
    arguments = ["sh", "-c", _INSTALL, "sh", f"{connection.root}/{ENVIRONMENT}", digest]
    finished = connection.run(arguments, deadline, lambda _: None)
    said = finished.output.strip().splitlines()
    if finished.code or not said:
        raise RuntimeFailedError(f"cannot unpack the runtime there: {said[-1] if said else finished.errors.strip()}")
    return said[-1]
