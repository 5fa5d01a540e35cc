"""The micro-benchmark: the variants of a network, written, pushed to a device and timed there in the same rounds."""

import datetime
import tempfile
import time
from pathlib import Path

import numpy as np
import platformdirs

import edgecompress
from edgecompress import devices, target
from edgecompress.advise.records import MeasuredPlace, MicroRecord, NetworkIdentity
from edgecompress.advise.subject import subject
from edgecompress.advise.variants import write_variants
from edgecompress.bench.compare import compare
from edgecompress.bench.machine import Conditions
from edgecompress.bench.protocol import protocol as find_protocol
from edgecompress.bench.session import Asked, session
from edgecompress.bundle import EVAL
from edgecompress.devices import LOCAL, Device
from edgecompress.errors import InputError, RuntimeFailedError
from edgecompress.progress import Progress
from edgecompress.target import Target

INPUTS = 31  # rows of noise, as many as the agent takes in turn


def measure(
    model: str,
    network: NetworkIdentity,
    board: Target,
    *,
    device: str,
    mode: str,
    threads: int | None = None,
    progress: Progress,
) -> MicroRecord:
    """Measure the variants of ``network``, which ``subject.identity`` found for ``model``.

    Args:
        model: as the user named it.
        network: what that is.
        board: the profile that the files and the number of threads are for.
        device: where, see ``devices.find``; on an emulated processor instructions are counted, and nothing is timed.
        mode: one of ``protocol.MODES``.
        threads: of the runtimes; ``None``: as ``bench``.
        progress: called with every step.

    Raises:
        InputError: no such device or mode, or no variant can be written.
        RuntimeFailedError: nothing ran, or the device failed.
        DeviceLostError: the device is gone. What was measured is kept for the next call that asks the same.
    """
    where, protocol = devices.find(device, board), find_protocol(mode)
    runtimes = [each for each in board.runtimes if not where.runtimes or each in where.runtimes]
    if not runtimes:
        raise InputError(f"{where.name} has none of {board.name}'s runtimes: {', '.join(board.runtimes)}")
    began, start = datetime.datetime.now(datetime.UTC), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as name:
        folder = Path(name)
        files, left_out = write_variants(subject(model, network), folder, board, runtimes, progress)
        if not files:
            raise InputError(f"no file of {network.name} could be written: {next(iter(left_out.values()))}")
        rows = np.random.default_rng(protocol.seed).standard_normal((INPUTS, *network.input_shape))
        np.savez(folder / EVAL, x=rows.astype(np.float32), y=np.zeros(INPUTS, np.int64))
        asked = Asked(
            folder=folder,
            models=files,
            identity={"files": {name: file.sha256 for name, file in files.items()}},
            board=board,
            protocol=protocol,
            threads=threads,
        )
        with session(where, progress) as there:
            measured = there.measure(asked, platformdirs.user_cache_path("edgecompress") / "advise")
    results = measured.files
    measured.journal.forget()
    if not any(file.latency or file.instructions for file in results.values()):
        first = next(failure for file in results.values() for failure in file.failures)
        raise RuntimeFailedError(f"no variant of {network.name} ran on {where.name}: {first.message}")
    return MicroRecord(
        tool_version=edgecompress.__version__,
        created=began.isoformat(timespec="seconds"),
        seconds=time.monotonic() - start,
        taken=measured.taken,
        network=network,
        place=place(where, measured.before),
        target=board.name,
        protocol=protocol,
        threads=measured.threads,
        threads_note=measured.threads_note,
        agent_sha256=measured.agent_sha256,
        before=measured.before,
        after=measured.after,
        variants={name: file.variant for name, file in files.items()},
        files=results,
        comparisons=compare(results, seed=protocol.seed),
        left_out=left_out,
        validity=measured.validity,
    )


def place(where: Device, conditions: Conditions) -> MeasuredPlace:
    """The place of a device: its board by its device tree; without one, what it was registered as."""
    address = where.name if where.name == where.address else f"{where.name} ({where.address})"
    profile = where.target
    if conditions.board is not None:
        boards = [target.load(each) for each in target.names()]
        fitting = [each.name for each in boards if each.transport != LOCAL and conditions.board.startswith(each.title)]
        profile = fitting[0] if fitting else "host" if where.transport == LOCAL else None
    return MeasuredPlace(
        address=address, profile=profile, name=conditions.board or conditions.cpu or conditions.machine
    )
