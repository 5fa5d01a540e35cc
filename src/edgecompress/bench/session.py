"""A measuring session: a device that one run has alone, with the agent on it, looked at and measured.

``bench`` and ``advise`` measure in one, and ``doctor`` looks at the device in one.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import edgecompress
from edgecompress import devices, target
from edgecompress.bench import accelerator, packages
from edgecompress.bench.accelerator import NONE, Accelerator
from edgecompress.bench.board import mismatch
from edgecompress.bench.conditions import conditions
from edgecompress.bench.contract import ToMeasure
from edgecompress.bench.counting import Counting
from edgecompress.bench.journal import Journal
from edgecompress.bench.machine import Conditions
from edgecompress.bench.measure import Measurement
from edgecompress.bench.metric import ByMetric
from edgecompress.bench.protocol import Protocol
from edgecompress.bench.records import FileResult, Validity
from edgecompress.bench.threads import thread_count
from edgecompress.bench.validity import validity
from edgecompress.deploy.on_device import AgentOnDevice
from edgecompress.deploy.transports.contract import Connection
from edgecompress.devices import Device
from edgecompress.errors import DeviceLostError, RuntimeFailedError
from edgecompress.progress import Progress, silent
from edgecompress.target import Target


@dataclass(frozen=True)
class Asked:
    """A request to measure files, and how.

    Args:
        folder: Where the files lie, and ``eval.npz``, which has their inputs.
        models: The files by name.
        identity: What the results depend on beside these, the device and the protocol: another's are not taken.
        board: The profile that the files are for; the number of threads is its own where ``threads`` is None.
        expected: How long it will take, in words; empty: not known.
        labelled: Whether the inputs have labels: accuracy is taken.
        metric: Of the user's own, that is taken too; None: there is none.
        energy: Whether energy is taken, where the device has a sensor.
        profile: Whether the time of each operator is taken too.
    """

    folder: Path
    models: Mapping[str, ToMeasure]
    identity: Mapping[str, Any]
    board: Target
    protocol: Protocol
    threads: int | None = None
    accelerator: Accelerator = NONE
    expected: str = ""
    labelled: bool = False
    metric: ByMetric | None = None
    energy: bool = False
    profile: bool = False


@dataclass(frozen=True)
class Measured:
    """The measured files and their conditions. ``journal`` keeps them until the record is written."""

    before: Conditions
    after: Conditions
    threads: int
    threads_note: str
    agent_sha256: str
    files: dict[str, FileResult]
    validity: Validity
    journal: Journal

    @property
    def taken(self) -> Literal["measured", "emulated"]:
        """The origin of the figures: measured, or emulated."""
        return "emulated" if self.before.emulation.emulated else "measured"


@contextmanager
def session(device: Device, progress: Progress = silent, *, waits: bool = True) -> Iterator["Session"]:
    """Have a device alone, and reach it. What was made there for the session is gone at its end.

    Args:
        device: Which.
        progress: Called with every step, and once where another run of this machine has the device.
        waits: Whether that run's end is waited for.

    Raises:
        RuntimeFailedError: the device is busy with a job of another machine, or is not waited for.
        DeviceLostError: it is not reached.
    """

    def waiting() -> None:
        if not waits:
            raise RuntimeFailedError(f"{device.name} is busy with another run on this machine: wait for its end")
        progress(device.name, 0, 1, "waiting: another run has the board")

    options = {"progress": progress} if device.emulated else {}
    with devices.leased(device, waiting), device.connect(**options) as connection:
        yield Session(device, connection, progress)


class Session:
    """See ``session``."""

    def __init__(self, device: Device, connection: Connection, progress: Progress = silent) -> None:
        self.device, self.connection, self._progress = device, connection, progress

    @cached_property
    def agent(self) -> AgentOnDevice:
        """The agent, which is pushed when it is first asked for."""
        return AgentOnDevice(self.connection)

    def conditions(self, when: str) -> Conditions:
        """The state of the device ``before`` or ``after`` it is measured on.

        Raises:
            AgentFailedError: the agent does not run there, or another one than was sent does.
        """
        self._progress(f"conditions {when}", 0, 1)
        found = conditions(self.agent)
        self._progress(f"conditions {when}", 1, 1, found.cpu or found.machine)
        return found

    def measure(self, asked: Asked, records: Path) -> Measured:
        """Measure files. Steps that an earlier session of the same finished are not run again.

        Args:
            asked: What, and how.
            records: The folder in which it is kept what was measured until now.

        Raises:
            InputError: the device has no such accelerator, or an emulated processor was given threads.
            RuntimeFailedError: it lacks NumPy or all of the runtimes, or failed.
            DeviceLostError: it is gone. What was measured is kept for the next session that asks the same.
        """
        device, protocol = self.device, asked.protocol
        key = {"device": device.to_json(), "protocol": protocol.to_json(), "tool": edgecompress.__version__}
        journal = Journal(self.agent, records / f"{device.file_name}.partial.jsonl", {**key, **asked.identity})
        for note in journal.notes:
            self._progress("journal", 0, 1, note)
        given = (journal, asked.folder, asked.models, protocol, self._progress, asked.accelerator)
        measurement = Counting(*given, processor=device.processor) if device.emulated else Measurement(*given)
        try:
            before = self.conditions("before")
            packages.check(device, before, (file.runtime for file in asked.models.values()))
            accelerator.check(self.agent, asked.accelerator, asked.models)
            count, note = thread_count(asked.threads, asked.board, before, emulated=device.emulated)
            if asked.expected:
                self._progress("time", 1, 1, asked.expected)
            energy = asked.energy and before.power is not None and before.power.sensor is not None
            measurement.all(count, labelled=asked.labelled, energy=energy, profile=asked.profile, metric=asked.metric)
            after = self.conditions("after")
        except DeviceLostError as error:
            raise DeviceLostError(f"{error}; what was measured until now is kept, and is not measured again") from error
        files = measurement.results()
        notes = [*_registered_wrongly(device, before), *journal.notes, *measurement.notes]
        concerns = validity(before, after, protocol, count, files, journal.earlier, notes)
        return Measured(before, after, count, note, self.agent.sha256, files, concerns, journal)


def _registered_wrongly(device: Device, conditions: Conditions) -> list[str]:
    """The concern about a device that is registered as another board than it is, if there is one."""
    why = mismatch(target.load(device.target), conditions, device.transport) if device.target else ""
    return [f"{device.name} is registered as {device.target} and is none: {why}"] if why else []
