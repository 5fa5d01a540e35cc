"""A benchmark on one of several devices, in a process of its own that says what happens in JSON lines.

``python -m edgecompress.bench.worker JOB`` measures and writes to stdout, as it happens:

- ``{"event": "progress", "title": ..., "done": ..., "total": ..., "note": ...}``
- ``{"event": "warning", "message": ...}``
- ``{"event": "record", "path": ...}``, once the record is written, of a run that failed too
- ``{"event": "error", "message": ..., "code": ...}``, where it failed: one line, and the code that it exits with
"""

import json
import os
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgecompress import temporary, workers
from edgecompress.agent import telemetry
from edgecompress.bench import run
from edgecompress.bench.accelerator import Accelerator
from edgecompress.bench.validity import accept
from edgecompress.errors import explain
from edgecompress.plain import one_line
from edgecompress.progress import Paced

INTERRUPTED = 130
Say = Callable[..., None]


@dataclass(frozen=True)
class WorkerJob:
    """The job of a worker: a bundle, a device, and the file of the record; see ``run.bench``."""

    folder: Path
    device: str
    output: Path
    mode: str
    threads: int | None
    accelerator: Accelerator
    profile: bool
    allowed_metric: str | None
    allow_noisy: bool

    def to_json(self) -> str:
        """The job as JSON in ASCII: a path may hold bytes that are no text."""
        paths = {"folder": str(self.folder), "output": str(self.output)}
        return json.dumps({**vars(self), **paths, "accelerator": self.accelerator.model_dump()})

    @classmethod
    def from_json(cls, text: str) -> "WorkerJob":
        """The job that ``to_json`` wrote."""
        given = json.loads(text)
        paths = {name: Path(given[name]) for name in ("folder", "output")}
        return cls(**{**given, **paths, "accelerator": Accelerator.model_validate(given["accelerator"])})


def work(job: WorkerJob, say: Say) -> int:
    """Do a job and ``say`` each event. Returns the exit code.

    Raises:
        Exception: a defect of this program.
    """

    def progress(title: str, done: int, total: int, note: str = "", /) -> None:
        say("progress", title=title, done=done, total=total, note=note)

    failed = None
    try:
        record, _ = run.bench(
            job.folder,
            device=job.device,
            mode=job.mode,
            threads=job.threads,
            accelerator=job.accelerator,
            profile=job.profile,
            allowed_metric=job.allowed_metric,
            output=job.output,
            progress=Paced(progress),
        )
        accept(record.validity, job.mode, allow_noisy=job.allow_noisy)
    except Exception as error:
        failed = explain(error)
        if failed is None:
            raise
    if job.output.is_file():
        say("record", path=str(job.output))
    if failed is None:
        return 0
    message, code = failed
    say("error", message=one_line(message), code=code)
    return code


def main(text: str) -> int:
    """Do the job in ``text``, which is JSON. SIGTERM ends it in order; Ctrl-C is its parent's, which sends that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    workers.end_once(signal.SIGTERM)
    workers.leave_working_folder()
    telemetry.switch_off()
    temporary.use_own()
    # What a library prints is none of our lines.
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def say(event: str, **more: Any) -> None:
        lines.write(json.dumps({"event": event, **more}) + "\n")
        lines.flush()

    def warn(message: Warning | str, *_: Any, **__: Any) -> None:
        say("warning", message=one_line(str(message)))

    warnings.showwarning = warn
    try:
        return work(WorkerJob.from_json(text), say)
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
