"""Removing what is kept on a device: what was made there by us, and nothing else."""

from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.transports.contract import BLOB, ENVIRONMENT, JOB, MARK, Connection
from edgecompress.errors import RuntimeFailedError

_SECONDS = 600
# Arguments: the root, the mark of a folder of ours, the environment's name. Says what is left there, a name a line.
# The lock is ours while this runs. Folders go where nothing else is in them.
_CLEAN = """
cd "$1" || exit 1
[ -f "$2" ] || { echo "it has no $2, so it is none of ours" >&2; exit 1; }
rm -rf "$3" "$3".new "$3".old "$3".part work/JOB[0-9]* blobs/BLOB blobs/.part.* || exit 1
rmdir work blobs 2>/dev/null
left=$(ls -A | grep -v -x -F -e "$2" -e lock)
rm -f "$2" lock || exit 1
cd / && [ -z "$left" ] && rmdir "$1" && exit 0
printf '%s\\n' "$left"
""".replace("BLOB", BLOB).replace("JOB", JOB)


def clean(connection: Connection) -> str:
    """Remove everything of ours that outlives connections. Returns what was done, in words.

    Raises:
        RuntimeFailedError: something there cannot be removed.
    """
    root = connection.root
    if root is None:
        return "nothing is kept there"
    command = ["sh", "-c", _CLEAN, "sh", root, MARK, ENVIRONMENT]
    finished = connection.run(command, Deadline.after(_SECONDS), lambda _: None)
    if finished.code:
        lines = finished.errors.strip().splitlines()
        raise RuntimeFailedError(f"cannot remove {root} there: {lines[-1] if lines else finished.code}")
    left = finished.output.splitlines()
    return f"removed what was ours in {root}; {len(left)} other files are left there" if left else f"removed {root}"
