"""A benchmark of one bundle on several devices at once: a process a device, so that none can stop another."""

import datetime
import signal
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecompress import bundle, devices
from edgecompress.bench.accelerator import NONE, Accelerator
from edgecompress.bench.protocol import protocol as find_protocol
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.run import safe_name
from edgecompress.errors import InputError
from edgecompress.progress import Progress, silent
from edgecompress.workers import python

_PREFIX = "edgecompress: "


@dataclass(frozen=True)
class Outcome:
    """What came of one device."""

    device: str
    record: BenchRecord | None  # None: nothing was measured
    path: Path  # the record's file
    error: str  # one line; empty where all went well


def bench_all(
    folder: Path,
    names: Sequence[str],
    *,
    mode: str = "standard",
    threads: int | None = None,
    accelerator: Accelerator = NONE,
    profile: bool = False,
    allow_noisy: bool = False,
    progress: Progress = silent,
) -> list[Outcome]:
    """Measure the bundle in ``folder`` on every device of ``names``, one job a device, all at the same time.

    However this call ends, none of them runs on; each keeps what it has measured.

    Raises:
        InputError: the folder is no bundle, a name means no device, or two mean the same.
    """
    manifest = bundle.load(folder)
    find_protocol(mode)
    found = [devices.find(name, manifest.target) for name in names]
    for i, device in enumerate(found):
        if device.address in [other.address for other in found[:i]]:
            raise InputError(f"'{names[i]}' is a device that was named before: one job a device at a time")
    now = f"{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%S%fZ}"
    paths = [folder / bundle.RECORDS / f"{safe_name(device.name)}-{now}.json" for device in found]
    # One process keeps all records, and warns once where it cannot: the caller.
    options = ["--store", "none", "--mode", mode, *(["--threads", str(threads)] if threads else [])]
    options += [part for option, value in accelerator.model_dump().items() if value for part in (f"--{option}", value)]
    options += [option for option, wanted in (("--profile", profile), ("--allow-noisy", allow_noisy)) if wanted]
    outcomes: dict[str, Outcome] = {}
    running: list[subprocess.Popen[str]] = []
    lock = threading.Lock()

    def tell(name: str, done: int, line: str) -> None:
        with lock:
            progress(name, done, 1, line)

    def measure(name: str, path: Path) -> None:
        words = ["bench", str(folder), "--device", name, "-o", str(path), *options]
        last = ""
        with subprocess.Popen(
            python("edgecompress", *words, ends_by=signal.SIGTERM),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            running.append(process)
            assert process.stderr is not None
            for line in process.stderr:
                last = line.strip() or last
                tell(name, 0, last)
        error = (last.removeprefix(_PREFIX) or f"ended with code {process.returncode}") if process.returncode else ""
        # A run that was disturbed ends with an error and has a record all the same.
        outcomes[name] = Outcome(name, BenchRecord.from_file(path) if path.is_file() else None, path, error)
        tell(name, 1, error or "done")

    workers = [threading.Thread(target=measure, args=pair) for pair in zip(names, paths, strict=True)]
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            worker.join()
    except BaseException:
        for process in running:
            process.terminate()
        raise
    return [outcomes[name] for name in names]
