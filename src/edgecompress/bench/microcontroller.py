"""Measure a microcontroller's bundle through the firmware that holds its model, on a serial line."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from edgecompress import devices
from edgecompress.agent.inputs import BROKEN_NPZ
from edgecompress.bench.firmware import FirmwareSession, Labels
from edgecompress.bench.machine import Conditions, Emulation, SystemMemory
from edgecompress.bench.protocol import Protocol
from edgecompress.bench.records import FileResult, Validity
from edgecompress.bundle import EVAL
from edgecompress.deploy.serial import address
from edgecompress.deploy.serial.firmware import Firmware, Floats, Hello
from edgecompress.deploy.serial.port import opened
from edgecompress.devices import Device
from edgecompress.errors import InputError
from edgecompress.export.microcontroller.sources import SERVE
from edgecompress.manifest import Manifest
from edgecompress.progress import Progress

WARMUP = 10


@dataclass(frozen=True)
class FirmwareMeasured:
    """The measured file and its conditions, as ``session.Measured`` has those of an agent."""

    before: Conditions
    after: Conditions
    files: dict[str, FileResult]
    validity: Validity
    threads: int = 1
    threads_note: str = "a microcontroller"
    agent_sha256: None = None

    @property
    def taken(self) -> Literal["measured", "emulated"]:
        """The origin of the figures: measured, or emulated."""
        return "emulated" if self.before.emulation.emulated else "measured"


def microcontroller_protocol(protocol: Protocol) -> Protocol:
    """A mode as a microcontroller has it: one program, whose clock does not change with heat or load.

    Raises:
        InputError: it is the one that waits for such a change.
    """
    if protocol.window_seconds:
        raise InputError(f"mode {protocol.mode} is for boards that slow down as they get hot: give --mode standard")
    return protocol.model_copy(update={"warmup": WARMUP, "min_seconds": 0.0, "processes": 1, "energy_seconds": 0.0})


def check_options(device: Device, manifest: Manifest, folder: Path, options: Mapping[str, object]) -> None:
    """Make sure that a microcontroller's bundle meets a microcontroller, and another's another.

    Raises:
        InputError: it does not, or one of ``options``, which are an agent's, is given.
    """
    board = manifest.target
    if not board.is_microcontroller:
        if device.is_microcontroller:
            raise InputError(
                f"{folder} is made for {board.name}, and {device.name} is a microcontroller: build for one "
                "(edgecompress build --target cortex-m) and flash the serve.cc of that bundle"
            )
        return
    if not device.is_microcontroller:
        raise InputError(
            f"{folder} is made for {board.name}, a microcontroller, and {device.name} is none: flash its serve.cc and "
            f"give --device {address.EXAMPLE} (edgecompress docs microcontrollers)"
        )
    for name, value in options.items():
        if value:
            raise InputError(f"a microcontroller runs one program on one core: leave --{name} out")


def measure(
    folder: Path, manifest: Manifest, device: Device, protocol: Protocol, progress: Progress
) -> FirmwareMeasured:
    """Measure the file of the bundle in ``folder`` that is flashed on ``device``.

    Raises:
        InputError: there is no such port, or the board runs another model.
        RuntimeFailedError: no firmware answers there, or stopped to.
        DeviceLostError: the port is gone.
    """
    x, labels = _samples(folder)
    where = address.parse(device.address)

    def waiting() -> None:
        progress(device.name, 0, 1, "waiting: another run has the board")

    with devices.leased(device, waiting), opened(where) as port:
        firmware = Firmware(port, where.baud)
        progress(device.name, 0, 1, f"asking {where.port}")
        hello = firmware.hello()
        name = _flashed(folder, manifest, hello)
        progress(device.name, 1, 1, f"{hello.board}, {hello.system}: {name}")
        session = FirmwareSession(folder, manifest, protocol, firmware, hello, progress)
        result = session.measured(name, x, labels)
    conditions = _conditions(hello, manifest)
    return FirmwareMeasured(conditions, conditions, {name: result}, session.validity(result))


def _flashed(folder: Path, manifest: Manifest, hello: Hello) -> str:
    """The file of the bundle that the board has in its flash.

    Raises:
        InputError: it has none of them.
    """
    for name in [*manifest.models, *(each for each in manifest.files if each.endswith(".tflite"))]:
        data = (folder / name).read_bytes()
        if (len(data), zlib.crc32(data)) == (hello.model_bytes, hello.model_crc):
            return name
    cure = f"flash this bundle's {SERVE}"
    if SERVE not in manifest.files:
        cure = f"build the bundle anew, which has no {SERVE} yet, and flash that"
    raise InputError(f"the board runs another model: {cure} and model_data.cc ({folder})")


def _samples(folder: Path) -> tuple[Floats, Labels]:
    try:
        with np.load(folder / EVAL, allow_pickle=False) as archive:
            return archive["x"].astype(np.float32), archive["y"]
    except BROKEN_NPZ as error:
        raise InputError(f"cannot read {folder / EVAL}: {error}; build the bundle anew") from error


def _conditions(hello: Hello, manifest: Manifest) -> Conditions:
    """The board, as far as it is known; a firmware knows nothing of temperatures, loads and governors."""
    return Conditions(
        system=hello.system,
        kernel=None,
        machine=manifest.target.arch,
        board=hello.board,
        cpu=None,
        cores=None,
        affinity=None,
        frequency=None,
        memory=SystemMemory(total=None, available=None, swap_total=None, swap_used=None),
        load=None,
        emulation=Emulation(emulated=hello.emulated, why="its firmware says so"),
        python=None,
        versions={},
    )
