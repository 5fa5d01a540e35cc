"""adb: an Android device, or any board whose adbd answers, through the adb client of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager

from edgecompress.deploy.adb import client, devices
from edgecompress.deploy.board.connection import BoardConnection, connected
from edgecompress.deploy.deadline import Deadline

_FINDING_SECONDS = 60


@contextmanager
def adb(address: str, *, python: str = "", folder: str = "", take: str = "") -> Iterator[BoardConnection]:
    """Take a device, one job at a time, and open a work folder there.

    Args:
        address: A serial as ``adb devices`` lists it, or HOST:PORT; empty where exactly one device is attached.
        python: The device's own interpreter. Empty: ``python3``. An installed environment goes before it.
        folder: Where everything is kept there; see ``connected``. Empty: ``/data/local/tmp/edgecompress`` on Android,
            else a folder in its ``TMPDIR`` or ``/tmp``.
        take: ``yes`` ends a job of someone else that runs there.

    Raises:
        InputError: there is no adb client, no device, or more than one and none was named.
        DeviceLostError: the device is not attached, does not trust this machine, or is offline.
        RuntimeFailedError: it is busy, or there is no folder there to work in.
    """
    deadline = Deadline.after(_FINDING_SECONDS)
    client.server(deadline)
    carrier = client.AdbClient(devices.serial(address, deadline))
    with connected(carrier, python=python, folder=folder, take=take) as connection:
        yield connection
