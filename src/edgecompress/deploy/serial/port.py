"""A serial port, opened by pyserial: lines out, lines in, and every way to fail as one line of what to do."""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from edgecompress.deploy.serial.address import SerialAddress
from edgecompress.errors import DeviceLostError, InputError, needs_extra

_POLL = 0.1  # seconds
_WRITE_SECONDS = 30.0
_MOST_HELD = 1 << 16  # bytes without an end of line
_BUSY = (errno.EBUSY, errno.EAGAIN)
_NOT_A_PORT = ("could not configure port", "inappropriate ioctl")


class Port:
    """An open port."""

    def __init__(self, opened: Any, name: str) -> None:
        self._opened, self.name = opened, name
        self._held = b""

    def write(self, text: bytes) -> None:
        """Send a line.

        Raises:
            DeviceLostError: the port is gone, or takes nothing.
        """
        with self._there():
            self._opened.write(text)  # not drained: on a port that is gone that is no OSError, and may wait for ever

    def line(self, deadline: float) -> bytes | None:
        """The next line, without its end; ``None``: none came until ``deadline``, by ``time.monotonic``.

        Raises:
            DeviceLostError: the port is gone.
        """
        while b"\n" not in self._held:
            if time.monotonic() >= deadline:
                return None
            with self._there():
                self._held += self._opened.read(max(1, self._opened.in_waiting))
            self._held = self._held[-_MOST_HELD:]
        found, _, self._held = self._held.partition(b"\n")
        return found

    @contextmanager
    def _there(self) -> Iterator[None]:
        try:
            yield
        except (OSError, TypeError) as error:  # pyserial's errors are OSErrors; a closed port is a TypeError in it
            raise DeviceLostError(
                f"{self.name} is gone in the middle: is the board still plugged in? Plug it in and run the same again"
            ) from error


@contextmanager
def opened(address: SerialAddress) -> Iterator[Port]:
    """Open a port for this process alone.

    Raises:
        MissingDependencyError: pyserial is not installed.
        InputError: there is no such port, it is busy, or this user may not open it.
        DeviceLostError: it cannot be opened for another reason.
    """
    try:
        import serial  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise needs_extra(error) from error
    try:
        made = serial.Serial(
            address.port,
            address.baud,
            timeout=_POLL,
            write_timeout=_WRITE_SECONDS,
            exclusive=True,
            inter_byte_timeout=None,
        )
    except (OSError, ValueError, OverflowError) as error:
        raise _why(address, error) from error
    try:
        yield Port(made, address.port)
    finally:
        with suppress(OSError):
            made.close()


def others(name: str) -> str:
    """The ports that are here beside one, in words."""
    from serial.tools import list_ports  # type: ignore[import-untyped]

    found = [f"{each.device} ({each.description})" for each in list_ports.comports() if each.device != name]
    return f"ports here: {', '.join(sorted(found))}" if found else "no other port is here"


def _why(address: SerialAddress, error: Exception) -> InputError | DeviceLostError:
    number, text = getattr(error, "errno", None), str(error).lower()
    if number == errno.ENOENT or "filenotfounderror" in text:
        return InputError(
            f"there is no port {address.port}: plug the board in, or give its port ({others(address.port)})"
        )
    if number in _BUSY or "lock port" in text or "access is denied" in text:
        return InputError(f"{address.port} is busy: close the program that has it (a serial monitor, another run)")
    if number in (errno.EACCES, errno.EPERM):
        return InputError(
            f"you may not open {address.port}: join its group (sudo usermod -aG dialout $USER), log out and in again"
        )
    if any(each in text for each in _NOT_A_PORT) or number == errno.EISDIR:
        return InputError(f"{address.port} is no serial port, or none of {address.baud} baud ({others(address.port)})")
    return DeviceLostError(f"{address.port} cannot be opened: {error}")
