"""Find the device that an address means, and check that it can be used."""

import re

from edgecompress.deploy.adb.client import FORBIDDEN, GONE, OFFLINE, UNAUTHORIZED, call
from edgecompress.deploy.deadline import Deadline
from edgecompress.errors import DeviceLostError, InputError, RuntimeFailedError

# HOST:PORT, as adb itself names devices that are reached over a network.
_NETWORK = re.compile(r"[^\s:]+:\d+")
_STATES = {
    "unauthorized": UNAUTHORIZED,
    "authorizing": UNAUTHORIZED,
    "offline": OFFLINE,
    "connecting": OFFLINE,
    "no permissions": FORBIDDEN,
    "recovery": "is in recovery: start its system, with: adb reboot",
    "sideload": "is in sideload: start its system, with: adb reboot",
    "bootloader": "is in its bootloader: start its system, with: fastboot reboot",
}


def serial(address: str, deadline: Deadline) -> str:
    """The serial that ``address`` means: itself, or where it is empty that of the only device attached.

    A network address (HOST:PORT) that is not attached yet is connected to.

    Raises:
        InputError: no device is attached, or several are and none was named; the line says what to do.
        DeviceLostError: the device is not attached or does not answer; the line says how to mend it.
    """
    states = attached(deadline)
    if not address:
        address = _only(states)
    elif _NETWORK.fullmatch(address) and states.get(address) in (None, "offline"):
        states = _connect(address, deadline)
    state = states.get(address)
    if state is None:
        there = f" (attached: {', '.join(states)})" if states else ""
        raise DeviceLostError(f"device {address} {GONE}{there}")
    if state != "device":
        meaning = next((text for name, text in _STATES.items() if state.startswith(name)), f"is in state '{state}'")
        raise DeviceLostError(f"device {address} {meaning}")
    return address


def attached(deadline: Deadline) -> dict[str, str]:
    """The state of each device that adb's server knows, by serial; ``device`` is the one that can be used.

    Raises:
        RuntimeFailedError: the server does not answer.
    """
    try:
        code, output, errors = call(["devices"], deadline)
    except TimeoutError as error:
        raise RuntimeFailedError(
            f"adb's server did not answer within {deadline.seconds:g} s: adb kill-server"
        ) from error
    if code:
        raise RuntimeFailedError(f"adb's server does not answer: {errors.strip() or output.strip()}")
    lines = [line.split("\t", 1) for line in output.splitlines() if "\t" in line]
    return {name: state.strip() for name, state in lines}


def _only(states: dict[str, str]) -> str:
    if not states:
        raise InputError("no Android device is attached: plug one in and allow USB debugging, then see: adb devices")
    if len(states) > 1:
        choices = " or ".join(f"adb:{name}" for name in states)
        raise InputError(f"{len(states)} Android devices are attached; say which: --device {choices}")
    return next(iter(states))


def _connect(address: str, deadline: Deadline) -> dict[str, str]:
    try:
        # adb takes one that was lost for connected still, and offline.
        call(["disconnect", address], deadline)
        call(["connect", address], deadline)
    except TimeoutError as error:
        raise DeviceLostError(f"device {address} did not answer within {deadline.seconds:g} s") from error
    return attached(deadline)
