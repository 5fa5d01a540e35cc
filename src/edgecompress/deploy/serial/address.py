"""The address of a microcontroller: a serial port, and the rate of its line."""

import re
from dataclasses import dataclass

from edgecompress.errors import InputError

SERIAL = "serial"
"""The first part of such an address."""
BAUD = 115_200
"""The rate where an address names none: what serve.cc and the consoles of the platforms begin with."""
EXAMPLE = f"{SERIAL}:/dev/ttyACM0"
_FORM = re.compile(r"serial:(?P<port>[^\s@]+)(?:@(?P<baud>[1-9]\d{0,7}))?")


@dataclass(frozen=True)
class SerialAddress:
    """A port by the system's name, and its rate in bits a second."""

    port: str
    baud: int


def parse(address: str) -> SerialAddress:
    """``serial:PORT`` or ``serial:PORT@BAUD``.

    Raises:
        InputError: it is not of that form.
    """
    found = _FORM.fullmatch(address)
    if found is None:
        raise InputError(f"'{address}' is not an address: write {EXAMPLE}, serial:/dev/ttyUSB0@921600 or serial:COM3")
    return SerialAddress(found["port"], int(found["baud"] or BAUD))
