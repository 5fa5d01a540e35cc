"""The benchmark of a bundle: every file in its runtime on a device, and the record of it."""

import datetime
import re
import time
from pathlib import Path

import edgecompress
from edgecompress import bundle, devices, target
from edgecompress.bench.accelerator import NONE, Accelerator, check
from edgecompress.bench.agreement import OUTPUTS
from edgecompress.bench.board import mismatch
from edgecompress.bench.compare import compare
from edgecompress.bench.counting import Counting
from edgecompress.bench.duration import expected
from edgecompress.bench.journal import Journal
from edgecompress.bench.measure import EVAL, Measurement
from edgecompress.bench.packages import check as check_packages
from edgecompress.bench.protocol import Protocol
from edgecompress.bench.protocol import protocol as find_protocol
from edgecompress.bench.records import BenchRecord, BundleInfo, Conditions, DeviceInfo
from edgecompress.bench.validity import validity
from edgecompress.bundle import Manifest
from edgecompress.deploy.on_device import AgentOnDevice
from edgecompress.devices import Device
from edgecompress.errors import CheckError, DeviceLostError, InputError, RuntimeFailedError
from edgecompress.progress import Progress, silent
from edgecompress.record import check_file, write_atomically
from edgecompress.target import Target


def bench(
    folder: Path,
    *,
    device: str = "local",
    mode: str = "standard",
    threads: int | None = None,
    accelerator: Accelerator = NONE,
    profile: bool = False,
    output: Path | None = None,
    progress: Progress = silent,
) -> tuple[BenchRecord, Path]:
    """Measure every model file of the bundle in ``folder``.

    Args:
        folder: A bundle.
        device: Where: ``local``, an address, a registered name, or a profile; see ``devices.find``.
        mode: How latency is sampled; one of ``protocol.MODES``.
        threads: Of the runtime. ``None``: the target's, or the usable cores here where those are fewer.
        accelerator: What is to run the nodes that it can, beside the runtimes' own kernels for the CPU.
        profile: Whether to run each file under its runtime's profiler as well, in a process of its own.
        output: The record's file. ``None``: ``bench/DEVICE-TIME.json`` in the bundle.
        progress: Told of every step.

    Returns:
        The record, and the file it was written to. A file that its runtime refuses or dies of has its failures there.

    Raises:
        InputError: the folder is not a bundle, there is no such device or mode, the device has no such accelerator, or
            ``output`` cannot be written.
        CheckError: a file computes something else there than here, and the record is written.
        RuntimeFailedError: not one file ran, and the record is written; or the device failed, or was not set up.
        DeviceLostError: the device is gone. What was measured is kept, for the next run of the same command.
    """
    protocol, manifest = find_protocol(mode), bundle.load(folder)
    if output is not None:
        check_file(output)
    where = devices.find(device, manifest.target)
    chosen = _chosen(manifest, where)
    if where.emulated and profile:
        raise InputError("an emulated processor has no times, and so no profile: leave --profile out")
    records = output.parent if output else folder / bundle.RECORDS
    began, start = datetime.datetime.now(datetime.UTC), time.monotonic()
    with (
        devices.leased(where, lambda: progress(where.name, 0, 1, "waiting: another run has the board")),
        where.connect(**({"progress": progress} if where.emulated else {})) as connection,
    ):
        agent = AgentOnDevice(connection)
        journal = Journal(agent, records / f"{safe_name(where.name)}.partial.jsonl", _key(where, folder, protocol))
        for note in journal.notes:
            progress("journal", 0, 1, note)
        given = (journal, folder, chosen.models, protocol, progress, accelerator)
        measurement = Counting(*given, processor=where.processor) if where.emulated else Measurement(*given)
        try:
            before = measurement.conditions("before")
            check_packages(where, before, (file.runtime for file in chosen.models.values()))
            check(agent, accelerator, chosen.models)
            count, note = thread_count(threads, manifest.target, before, emulated=where.emulated)
            if not where.emulated:
                earlier = (folder / bundle.RECORDS).glob("*.json")
                progress("time", 1, 1, expected(chosen, protocol, earlier, where.name))
            has_sensor = before.power is not None and before.power.sensor is not None
            measurement.all(count, labelled=bool(manifest.data.classes), energy=has_sensor, profile=profile)
            after = measurement.conditions("after")
        except DeviceLostError as error:
            raise DeviceLostError(f"{error}; what was measured until now is kept, and is not measured again") from error
    files = measurement.results()
    notes = [*_registered_wrongly(where, before), *journal.notes, *measurement.notes]
    record = BenchRecord(
        tool_version=edgecompress.__version__,
        created=began.isoformat(timespec="seconds"),
        seconds=time.monotonic() - start,
        taken="emulated" if before.emulation.emulated else "measured",
        device=_device(where, manifest.target, before),
        bundle=_bundle(folder, manifest),
        protocol=protocol,
        threads=count,
        threads_note=note,
        accelerator=accelerator,
        agent_sha256=agent.sha256,
        before=before,
        after=after,
        files=files,
        comparisons=compare(files, seed=protocol.seed),
        validity=validity(before, after, protocol, count, files, journal.earlier, notes),
    )
    path = output or records / f"{safe_name(where.name)}-{began:%Y%m%dT%H%M%S%fZ}.json"
    write_atomically(path, record.to_json())
    journal.forget()
    wrong = [f"{name} {each.message}" for name, file in files.items() for each in file.failures if each.step == OUTPUTS]
    if wrong:
        raise CheckError(f"{wrong[0]} (record: {path})")
    if not any(file.latency or file.instructions or file.accuracy for file in files.values()):
        first = next(failure for file in files.values() for failure in file.failures)
        raise RuntimeFailedError(f"no file of the bundle ran: {first.message} (record: {path})")
    return record, path


def thread_count(
    given: int | None, board: Target, conditions: Conditions, *, emulated: bool = False
) -> tuple[int, str]:
    """How many threads the runtimes get, and why.

    Raises:
        InputError: more than one on an emulated processor, whose instructions are counted on one.
    """
    if emulated:
        if given not in (None, 1):
            raise InputError("an emulated processor counts instructions on one thread: leave --threads out")
        return 1, "an emulated processor"
    if given is not None:
        return given, "given"
    usable = len(conditions.affinity) if conditions.affinity else conditions.cores or 1
    if board.threads <= usable:
        return board.threads, f"the profile of {board.name}"
    return usable, f"the usable cores here; the profile of {board.name} has {board.threads}"


def _device(where: Device, board: Target, conditions: Conditions) -> DeviceInfo:
    """What the figures are of."""
    this = conditions.board or conditions.cpu or conditions.machine
    if conditions.emulation.emulated:
        this = f"an emulated {this}"
    why = mismatch(board, conditions, where.transport)
    is_target = not conditions.emulation.emulated and not why
    note = (
        f"measured on {this}"
        if is_target
        else f"the bundle is made for {board.title}; these figures are of {this} and say nothing about that board"
        + (f" ({why})" if why else "")
    )
    if where.emulated:
        note = f"{conditions.cpu}; outputs and instructions are that processor's, and no time or memory is taken"
    address = where.name if where.name == where.address else f"{where.name} ({where.address})"
    return DeviceInfo(address=address, is_target=is_target, note=note)


def _registered_wrongly(where: Device, conditions: Conditions) -> list[str]:
    """What speaks against a device that is registered as another board than it is."""
    why = mismatch(target.load(where.target), conditions, where.transport) if where.target else ""
    return [f"{where.name} is registered as {where.target} and is none: {why}"] if why else []


def _chosen(manifest: Manifest, where: Device) -> Manifest:
    """The manifest with the files that the device's entry says are to be measured there."""
    if not where.runtimes:
        return manifest
    models = {name: file for name, file in manifest.models.items() if file.runtime in where.runtimes}
    if not models:
        raise InputError(f"the bundle has no file for {' or '.join(where.runtimes)}, the runtimes of {where.name}")
    return manifest.model_copy(update={"models": models})


def _key(where: Device, folder: Path, protocol: Protocol) -> dict[str, str]:
    """What the results of a step depend on, beside its job and the agent."""
    return {
        "device": where.to_json(),
        "manifest": bundle.digest(folder / bundle.MANIFEST),
        "protocol": protocol.to_json(),
        "tool": edgecompress.__version__,
    }


def safe_name(name: str) -> str:
    """A device's name as a part of a file's."""
    return re.sub(r"[^\w.-]+", "-", name.replace("ssh://", "")).strip("-")


def _bundle(folder: Path, manifest: Manifest) -> BundleInfo:
    return BundleInfo(
        manifest_sha256=bundle.digest(folder / bundle.MANIFEST),
        created=manifest.created,
        model=manifest.model.name,
        target=manifest.target.name,
        data=manifest.data.name,
        data_official=manifest.data.official,
        data_note=manifest.data.note,
        data_sha256=manifest.data.sha256,
        eval_sha256=manifest.files[EVAL].sha256 if EVAL in manifest.files else None,
    )
