"""Devices: what ``--device`` means, and the user's file of devices with names."""

import hashlib
import json
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field

from edgecompress import methods, target
from edgecompress.deploy.emulated import processors
from edgecompress.deploy.openssh import address as ssh_address
from edgecompress.deploy.provision import Provisioned, provision
from edgecompress.deploy.serial import address as serial_address
from edgecompress.deploy.serial.address import EXAMPLE, SERIAL
from edgecompress.deploy.transports.contract import Connection
from edgecompress.errors import InputError
from edgecompress.lock import held
from edgecompress.progress import Progress, silent
from edgecompress.record import Record, write_atomically
from edgecompress.shipped import read_toml
from edgecompress.target import LinuxRuntime

LOCAL, EMULATED = "local", "emulated"
TRANSPORTS = "edgecompress.deploy.transports"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_HEAD = "# Devices of edgecompress; 'edgecompress devices add' and 'remove' write this file anew.\n"


class Device(Record):
    """A device, and how it is reached. What is empty is left to the transport."""

    name: str = Field(description="its name in the devices file, or its address")
    address: str = Field(
        description="local, ssh://[user@]host[:port], adb:SERIAL, emulated:PROCESSOR or serial:PORT[@BAUD]"
    )
    target: str | None = Field(default=None, description="the profile of the board that it is")
    runtimes: list[LinuxRuntime] = Field(
        default=[], description="to install and to measure; empty: those of the profile"
    )
    python: str = Field(default="", description="the board's own Python")
    key: str = Field(default="", description="ssh: a private key's file")
    folder: str = Field(default="", description="where everything is kept there")

    @property
    def transport(self) -> str:
        """The transport's name."""
        return re.split(r":", self.address, maxsplit=1)[0]

    @property
    def emulated(self) -> bool:
        """Return whether the processor is emulated here: it has outputs and instruction counts, and no times."""
        return self.transport == EMULATED

    @property
    def is_microcontroller(self) -> bool:
        """Return whether it is a microcontroller on a serial line: no agent runs there, but a bundle's serve.cc."""
        return self.transport == SERIAL

    @property
    def processor(self) -> str:
        """The emulated processor's name; empty for a device that is none."""
        return self.address.removeprefix(f"{EMULATED}:") if self.emulated else ""

    @property
    def file_name(self) -> str:
        """Its name as a part of a file's."""
        return re.sub(r"[^\w.-]+", "-", self.name.replace("ssh://", "")).strip("-")

    def connect(self, **more: Any) -> AbstractContextManager[Connection]:
        """Open a connection. ``more`` are options of the transport for this time.

        Raises:
            InputError: the transport has no such option, or it is a microcontroller's.
            RuntimeFailedError: as the transport.
        """
        if self.is_microcontroller:
            raise InputError(
                f"{self.name} is a microcontroller, where no agent runs: flash a bundle's serve.cc, and measure with "
                f"edgecompress bench BUNDLE --device {self.name} (edgecompress docs microcontrollers)"
            )
        open_connection = methods.find(TRANSPORTS, self.transport)
        where = self.address.removeprefix(self.transport).removeprefix(":").removeprefix("//")
        given = {name: getattr(self, name) for name in ("python", "key", "folder") if getattr(self, name)}
        connection: AbstractContextManager[Connection] = open_connection(
            where, **methods.options(open_connection, {**given, **more})
        )
        return connection


def path() -> Path:
    """The user's devices file; it need not exist."""
    return platformdirs.user_config_path("edgecompress") / "devices.toml"


def registered() -> dict[str, Device]:
    """The devices of the user's file, by name, in its order.

    Raises:
        InputError: the file is not a valid one.
    """
    if not path().exists():
        return {}
    found = {}
    for name, table in read_toml(path()).items():
        if not isinstance(table, dict):
            raise InputError(f"{path()}: '{name}' must be a table: [{name}] with an address")
        found[name] = _checked(Device.from_table({"name": name, **table}, f"{path()}: {name}"))
    return found


def add(device: Device, *, replace: bool = False) -> None:
    """Put a device into the user's file.

    Raises:
        InputError: its name is taken or means something else, or its address or its profile is none.
    """
    if not _NAME.fullmatch(device.name):
        raise InputError(f"'{device.name}' is not a name: write letters, digits, '-' and '_'")
    if device.name == LOCAL:
        raise InputError(f"'{LOCAL}' always means this machine; choose another name")
    known = registered()
    if device.name in known and not replace:
        raise InputError(f"there is a device '{device.name}' already; remove it first, or give --replace")
    _write({**known, device.name: _checked(device)})


def remove(name: str) -> Device:
    """Take a device out of the user's file, and return it.

    Raises:
        InputError: there is none of this name.
    """
    known = registered()
    if name not in known:
        raise InputError(methods.unknown("device", name, list(known)))
    device = known.pop(name)
    _write(known)
    return device


def find(name: str, board: target.Target | None = None) -> Device:
    """The device that ``name`` means: ``local``, an address, a name of the user's file, or a profile or family of them.

    The beginning of a registered name does as well, where it is that of one alone.

    ``emulated:`` goes before a processor's name or a profile's; ``emulated`` alone is the processor of ``board``.

    Raises:
        InputError: it means none, or more than one; the line says what to give instead.
    """
    known = registered()
    if name == LOCAL:
        return Device(name=LOCAL, address=LOCAL, target="host")
    if name in known:
        return known[name]
    if re.split(":", name, maxsplit=1)[0] == EMULATED:
        return _emulated(name.removeprefix(EMULATED).removeprefix(":"), board)
    if name.startswith(("ssh:", "adb:", f"{SERIAL}:")):
        same = [device for device in known.values() if device.address == name]
        return same[0] if same else _checked(Device(name=name, address=name))
    boards = target.family(name)
    fitting = [device.name for device in known.values() if _is_one(device, name, boards)]
    if not boards and not fitting:
        raise InputError(
            methods.unknown("device", name, [LOCAL, *known, *target.names()])
            + f"; or give an address: ssh://user@host, adb:SERIAL or {EXAMPLE}"
        )
    if len(fitting) == 1:
        return known[fitting[0]]
    if fitting:
        raise InputError(f"'{name}' can be any of {', '.join(fitting)}: give --device {fitting[0]}, or another of them")
    board = target.load(boards[0])
    example = "adb:SERIAL" if board.transport == "adb" else EXAMPLE if board.is_microcontroller else "ssh://user@host"
    raise InputError(
        f"no device of the profile '{name}' is registered: edgecompress devices add NAME {example} --target {boards[0]}"
    )


def _is_one(device: Device, name: str, boards: list[str]) -> bool:
    """Return whether a registered device is of one of these profiles, or has a name that begins like that.

    A device that is registered without a profile is a phone where adb reaches it.
    """
    if device.target is None:
        phones = [each for each in boards if target.load(each).transport == device.transport == "adb"]
        return bool(phones) or bool(name and device.name.startswith(name))
    return device.target in boards or bool(name and device.name.startswith(name))


@contextmanager
def leased(device: Device, waiting: Callable[[], None]) -> Iterator[None]:
    """Have a board alone: whoever else asks for it on this machine waits until the block, or this process, ends.

    This machine itself needs no lease, nor does a processor that it emulates. ``waiting`` is called once if another
    process has the board.
    """
    if device.address == LOCAL or device.emulated:
        yield
        return
    name = hashlib.sha256(device.address.encode()).hexdigest()[:24]
    with held(platformdirs.user_cache_path("edgecompress") / "leases" / f"{name}.lock", waiting):
        yield


def set_up(device: Device, *, offline: bool = False, progress: Progress = silent) -> Provisioned | None:
    """Install NumPy, psutil and the runtimes of a device's profile on it, where they are missing.

    This machine and emulated processors have what is installed here: nothing is done there.

    Args:
        device: Which.
        offline: Fetch wheels here and push them, for a board without a network or pip.
        progress: Told of every step.

    Returns:
        The packages that are there then.

    Raises:
        DeviceLostError: it is not reached.
        RuntimeFailedError: it has no Python, no pip or no network, or no runtime fits.
    """
    if device.address == LOCAL or device.emulated:
        return None
    profile = None if device.target is None else target.load(device.target).runtimes
    runtimes = device.runtimes or profile or list(typing.get_args(target.LinuxRuntime))
    with device.connect() as connection:
        cache = platformdirs.user_cache_path("edgecompress") / "wheels"
        return provision(connection, runtimes, offline=offline, cache=cache, progress=progress)


def _checked(device: Device) -> Device:
    """The device, if its address is one and its profile exists."""
    profile = None if device.target is None else target.load(device.target)
    if profile is not None and profile.is_microcontroller != device.is_microcontroller:
        what = "a microcontroller" if profile.is_microcontroller else "none"
        raise InputError(
            f"{profile.name} is {what}, and '{device.address}' is not the address of such a board: "
            f"microcontrollers, and they alone, have {EXAMPLE}"
        )
    if device.is_microcontroller:
        serial_address.parse(device.address)
        if device.python or device.key or device.folder or device.runtimes:
            raise InputError(f"'{device.name}' is a microcontroller: leave --python, --key, --folder and --runtime out")
    elif device.address.startswith("ssh://"):
        ssh_address.parse(device.address.removeprefix("ssh://"))
    elif device.emulated:
        processors.find(device.address.removeprefix(f"{EMULATED}:"))
    elif device.address != LOCAL and not re.fullmatch(r"adb:\S*", device.address):
        raise InputError(
            f"'{device.address}' is not an address: write ssh://user@host[:port], adb:SERIAL, {EXAMPLE}, "
            f"{EMULATED}:PROCESSOR or {LOCAL}"
        )
    return device


def _emulated(name: str, board: target.Target | None) -> Device:
    """The emulated processor of this name, or of the profile of this name, or of ``board`` where there is none."""
    profile = target.load(name) if name in target.names() else None if name else board
    if profile is not None:
        if profile.emulator_cpu is None:
            raise InputError(
                f"the profile {profile.name} names no processor to emulate: give one, as {EMULATED}:cortex-a72"
            )
        name = profile.emulator_cpu
    if name not in processors.PROCESSORS:
        known = [*processors.PROCESSORS, *(each for each in target.names() if target.load(each).emulator_cpu)]
        raise InputError(methods.unknown("processor to emulate", name, known))
    address = f"{EMULATED}:{name}"
    return Device(name=address, address=address, target=profile.name if profile is not None else None)


def _write(devices: Mapping[str, Device]) -> None:
    tables = []
    for name, device in devices.items():
        fields = device.model_dump(exclude={"name"}, exclude_defaults=True)
        # A JSON string or list of strings is one of TOML too.
        lines = [f"{field} = {json.dumps(value, ensure_ascii=False)}" for field, value in fields.items()]
        tables.append("\n".join([f"[{name}]", *lines, ""]))
    write_atomically(path(), "\n".join([_HEAD, *tables]))
