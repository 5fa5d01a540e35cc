"""Which device is meant, and how it is reached."""

import re
from typing import NamedTuple

from edgecompress import target
from edgecompress.errors import InputError

LOCAL = "local"
_ADDRESS = re.compile(r"ssh://.+|adb:.*")


class Device(NamedTuple):
    """A transport's name and the address it is given."""

    transport: str
    address: str


def device(name: str) -> Device:
    """The device that ``name`` means.

    Raises:
        InputError: it is not a device of this version; the line says what to give instead.
    """
    if name == LOCAL:
        return Device(LOCAL, "")
    here = f"give --device {LOCAL}"
    if _ADDRESS.fullmatch(name):
        raise InputError(
            f"'{name}' is another device's address, and this version measures on this machine only: {here}"
        )
    if name in target.names():
        raise InputError(f"'{name}' is a profile, not a device, and this version cannot reach boards: {here}")
    raise InputError(f"unknown device '{name}': {here}")
