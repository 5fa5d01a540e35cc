"""A benchmark of one bundle on several devices at once: a process a device, so that none can stop another."""

import datetime
import json
import os
import selectors
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgecompress import bundle, devices
from edgecompress.bench.accelerator import NONE, Accelerator
from edgecompress.bench.protocol import protocol as find_protocol
from edgecompress.bench.records import BenchRecord
from edgecompress.bench.run import record_file
from edgecompress.bench.worker import WorkerJob
from edgecompress.deploy.process import tail
from edgecompress.errors import InputError, RuntimeFailedError
from edgecompress.plain import one_line
from edgecompress.progress import Progress, line, silent
from edgecompress.workers import python

_PART = 65_536


@dataclass(frozen=True)
class DeviceOutcome:
    """The outcome of one device."""

    device: str
    record: BenchRecord | None  # None: nothing was measured
    path: Path  # the record's file
    error: str  # one line; empty where all went well
    code: int  # that a command which fails like this exits with; 0 where all went well


def bench_all(
    folder: Path,
    names: Sequence[str],
    *,
    mode: str = "standard",
    threads: int | None = None,
    accelerator: Accelerator = NONE,
    profile: bool = False,
    allowed_metric: str | None = None,
    allow_noisy: bool = False,
    progress: Progress = silent,
) -> list[DeviceOutcome]:
    """Measure the bundle in ``folder`` on every device of ``names``, one job a device, all at the same time.

    However this call ends, none of them runs on; each keeps what it has measured. Options are those of ``run.bench``.

    Raises:
        InputError: the folder is no bundle, a name means no device, or two mean the same.
    """
    manifest = bundle.load(folder)
    find_protocol(mode)
    found = [devices.find(name, manifest.target) for name in names]
    for i, device in enumerate(found):
        if device.address in [other.address for other in found[:i]]:
            raise InputError(f"'{names[i]}' is a device that was named before: one job a device at a time")
    now = datetime.datetime.now(datetime.UTC)
    jobs = [
        WorkerJob(
            folder=folder,
            device=name,
            output=record_file(folder, device, now),
            mode=mode,
            threads=threads,
            accelerator=accelerator,
            profile=profile,
            allowed_metric=allowed_metric,
            allow_noisy=allow_noisy,
        )
        for name, device in zip(names, found, strict=True)
    ]
    return _outcomes(jobs, progress)


def _outcomes(jobs: Sequence[WorkerJob], progress: Progress) -> list[DeviceOutcome]:
    """Run a worker for each job, all at the same time."""
    working: list[_Worker] = []
    outcomes: dict[str, DeviceOutcome] = {}
    try:
        for job in jobs:
            working.append(_Worker(job, progress))
        with selectors.DefaultSelector() as selector:
            for worker in working:
                selector.register(worker.output, selectors.EVENT_READ, worker)
            while selector.get_map():
                for key, _ in selector.select():
                    if not key.data.read():
                        selector.unregister(key.fileobj)
                        outcomes[key.data.job.device] = key.data.outcome()
    finally:
        for worker in working:
            worker.end()
        for worker in working:
            worker.close()
    return [outcomes[job.device] for job in jobs]


class _Worker:
    """A process that measures on one device, and its events until now; see ``bench.worker``."""

    def __init__(self, job: WorkerJob, progress: Progress) -> None:
        self.job, self._progress = job, progress
        self._rest, self._message, self._code = b"", "", 0
        self._path: Path | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the process
        self._process = subprocess.Popen(
            python("edgecompress.bench.worker", job.to_json(), ends_by=signal.SIGTERM),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        assert self._process.stdout is not None
        self.output = self._process.stdout

    def read(self) -> bool:
        """Take its next output, which has come. Returns whether there may be more."""
        part = os.read(self.output.fileno(), _PART)
        *whole, self._rest = (self._rest + part).split(b"\n")
        for text in whole:
            self._take(json.loads(text))
        return bool(part)

    def _take(self, event: dict[str, Any]) -> None:
        match event:
            case {"event": "progress", "title": title, "done": done, "total": total, "note": note}:
                self._report(0, line(title, done, total, note))
            case {"event": "warning", "message": message}:
                self._report(0, f"warning: {message}")
            case {"event": "record", "path": path}:
                self._path = Path(path)
            case {"event": "error", "message": message, "code": code}:
                self._message, self._code = message, code

    def outcome(self) -> DeviceOutcome:
        """The outcome of a worker that has ended. One that died without a message is a failure too."""
        ended = self._process.wait()
        if ended and not self._message:
            words = [each for each in tail(self._errors).splitlines() if each.strip()]
            self._message = one_line(words[-1]) if words else f"ended with code {ended}"
            self._code = ended if ended > 0 else RuntimeFailedError.exit_code
        self._report(1, self._message or "done")
        # A run that was disturbed ends with an error and has a record all the same.
        record = BenchRecord.from_file(self._path) if self._path else None
        return DeviceOutcome(self.job.device, record, self.job.output, self._message, self._code)

    def _report(self, done: int, note: str) -> None:
        self._progress(self.job.device, done, 1, note)

    def end(self) -> None:
        """Have it end in order, if it runs still."""
        self._process.terminate()

    def close(self) -> None:
        """Wait for its end."""
        self._process.wait()
        self.output.close()
        self._errors.close()
