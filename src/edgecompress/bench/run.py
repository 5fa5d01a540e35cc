"""The benchmark of a bundle: every file in its runtime on a device, and the record of it."""

import datetime
import time
from pathlib import Path

import edgecompress
from edgecompress import bundle, devices, target
from edgecompress.bench import microcontroller
from edgecompress.bench.accelerator import NONE, Accelerator
from edgecompress.bench.agreement import OUTPUTS
from edgecompress.bench.board import mismatch
from edgecompress.bench.compare import compare
from edgecompress.bench.duration import expected
from edgecompress.bench.machine import Conditions
from edgecompress.bench.metric import by_metric
from edgecompress.bench.microcontroller import FirmwareMeasured
from edgecompress.bench.protocol import protocol as find_protocol
from edgecompress.bench.records import BenchRecord, BundleInfo, DeviceInfo
from edgecompress.bench.session import Asked, Measured, session
from edgecompress.bundle import EVAL
from edgecompress.devices import Device
from edgecompress.errors import CheckError, InputError, RuntimeFailedError
from edgecompress.manifest import Manifest
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
    allowed_metric: str | None = None,
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
        allowed_metric: The SHA-256 of the metric's source in the bundle (``consent.metric_source``), if the device may
            run that. ``None``: the device sends back what the files put out, and a metric is taken here.
        output: The record's file. ``None``: ``bench/DEVICE-TIME.json`` in the bundle.
        progress: Called with every step.

    Returns:
        The record, and the file it was written to. A file that its runtime refuses or dies of has its failures there.

    Raises:
        InputError: the folder is not a bundle, there is no such device or mode, the bundle is none for it, it has no
            such accelerator or runs another model, ``output`` cannot be written, or the metric's source is not the
            allowed one.
        CheckError: a file computes something else there than here, and the record is written.
        RuntimeFailedError: not one file ran, and the record is written; or the device failed, or was not set up.
        DeviceLostError: the device is gone. What was measured is kept, for the next run of the same command.
    """
    protocol, manifest = find_protocol(mode), bundle.load(folder)
    if output is not None:
        check_file(output)
    where = devices.find(device, manifest.target)
    several = threads if threads != 1 else None
    options = {"threads": several, **accelerator.model_dump(), "profile": profile, "run-metric": allowed_metric}
    microcontroller.check_options(where, manifest, folder, options)
    chosen = _chosen(manifest, where)
    if where.emulated and profile:
        raise InputError("an emulated processor has no times, and so no profile: leave --profile out")
    began, start = datetime.datetime.now(datetime.UTC), time.monotonic()
    measured: Measured | FirmwareMeasured
    if where.is_microcontroller:
        protocol = microcontroller.microcontroller_protocol(protocol)
        measured = microcontroller.measure(folder, manifest, where, protocol, progress)
    else:
        records = output.parent if output else folder / bundle.RECORDS
        earlier = (folder / bundle.RECORDS).glob("*.json")
        asked = Asked(
            folder=folder,
            models=chosen.models,
            identity={"manifest": bundle.digest(folder / bundle.MANIFEST)},
            board=manifest.target,
            protocol=protocol,
            threads=threads,
            accelerator=accelerator,
            expected="" if where.emulated else expected(chosen, protocol, earlier, where.name),
            labelled=bool(manifest.data.classes),
            metric=by_metric(manifest, folder, allowed_metric),
            energy=True,
            profile=profile,
        )
        with session(where, progress) as there:
            measured = there.measure(asked, records)
    files = measured.files
    record = BenchRecord(
        tool_version=edgecompress.__version__,
        created=began.isoformat(timespec="seconds"),
        seconds=time.monotonic() - start,
        taken=measured.taken,
        device=_device(where, manifest.target, measured.before),
        bundle=_bundle(folder, manifest),
        protocol=protocol,
        threads=measured.threads,
        threads_note=measured.threads_note,
        accelerator=accelerator,
        agent_sha256=measured.agent_sha256,
        before=measured.before,
        after=measured.after,
        files=files,
        comparisons=compare(files, seed=protocol.seed),
        validity=measured.validity,
    )
    path = output or record_file(folder, where, began)
    write_atomically(path, record.to_json())
    if isinstance(measured, Measured):
        measured.journal.forget()
    wrong = [f"{name} {each.message}" for name, file in files.items() for each in file.failures if each.step == OUTPUTS]
    if wrong:
        raise CheckError(f"{wrong[0]} (record: {path})")
    if not any(file.latency or file.instructions or file.accuracy or file.metric for file in files.values()):
        first = next(failure for file in files.values() for failure in file.failures)
        raise RuntimeFailedError(f"no file of the bundle ran: {first.message} (record: {path})")
    return record, path


def record_file(folder: Path, device: Device, began: datetime.datetime | None = None) -> Path:
    """The file that a record of a benchmark of the bundle in ``folder`` goes to where none is named.

    Args:
        folder: The bundle.
        device: What it is measured on.
        began: When, in UTC. ``None``: now.
    """
    began = began or datetime.datetime.now(datetime.UTC)
    return folder / bundle.RECORDS / f"{device.file_name}-{began:%Y%m%dT%H%M%S%fZ}.json"


def _device(where: Device, board: Target, conditions: Conditions) -> DeviceInfo:
    """The device that the figures are of."""
    this = conditions.board or conditions.cpu or conditions.machine
    if conditions.emulation.emulated:
        this = f"an emulated {this}"
    # A microcontroller holds the bundle's model, or is not measured; nothing else distinguishes it.
    if where.is_microcontroller:
        registered = None if where.target is None else target.load(where.target).name
        why = "" if registered in (None, board.name) else f"{where.name} is registered as {registered}"
    else:
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


def _chosen(manifest: Manifest, where: Device) -> Manifest:
    """The manifest with the files that the device's entry says are to be measured there."""
    if not where.runtimes:
        return manifest
    models = {name: file for name, file in manifest.models.items() if file.runtime in where.runtimes}
    if not models:
        raise InputError(f"the bundle has no file for {' or '.join(where.runtimes)}, the runtimes of {where.name}")
    return manifest.model_copy(update={"models": models})


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
