"""Removing what is kept on a device."""

from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.transports.contract import Connection
from edgecompress.errors import RuntimeFailedError

_SECONDS = 600


def clean(connection: Connection) -> str:
    """Remove everything that outlives connections. Returns what was done, in words.

    Raises:
        RuntimeFailedError: something there cannot be removed.
    """
    if connection.root is None:
        return "nothing is kept there"
    finished = connection.run(["rm", "-rf", connection.root], Deadline.after(_SECONDS), lambda _: None)
    if finished.code:
        lines = finished.errors.strip().splitlines()
        raise RuntimeFailedError(f"cannot remove {connection.root} there: {lines[-1] if lines else finished.code}")
    return f"removed {connection.root}"
