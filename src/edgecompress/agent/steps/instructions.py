"""Instructions: what one inference executes, as the counter of an emulated processor sees it."""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable
from pathlib import Path

from .. import engines, inputs
from ..errors import JobError
from ..events import Events
from ..job import Job

MARK = 0x45434D31  # what the counter knows a mark by: the first argument of a system call
_WARM_UP_SECONDS = 10
_EMPTY = 5  # pairs of marks with nothing between them


def instructions(job: Job, events: Events) -> None:
    """Count the instructions of batch-1 inference, each run between two marks, on a processor that counts.

    What is between the marks is ``Engine.run``, as in ``latency``; what the marks themselves take is subtracted. All
    runs get the same input, so they differ by what is not the model's: other threads of the process (rarely, and never
    fewer instructions for it), and Python, which rewrites the code of a call in its first runs. Those are warm-up.

    Job: ``file``; ``layout``; ``counts``, the file that the counter writes, a line a mark; ``warmup`` (10), a number of
    runs that ends early after 10 s, since Python's part in such a long run is none; ``runs`` (4); ``inputs``, an npz
    file whose first row is run (absent: noise from ``seed``); ``seed`` (0); ``threads`` (1); ``provider`` or
    ``delegate`` (none). Event: ``instructions`` with ``executed``, one number a run.

    Raises:
        JobError: nothing counts here.
    """
    file, layout, accelerator = job.file("file"), job.layout(), job.accelerator()
    counts = job.path("counts")
    warmup, runs = job.count("warmup", 10), job.count("runs", 4)
    seed, threads = job.count("seed", 0, least=0), job.count("threads", 1)
    given = job.file("inputs") if job.has("inputs") else None
    job.finish()
    mark = _marker(counts)
    rows = None if given is None else inputs.read_rows(given, 1)
    engines.prepare(file)
    engine = engines.load(file, threads, None, accelerator)
    (feed,) = inputs.feeds(engine, layout, rows, 1, seed)
    start = time.monotonic()
    for number in range(warmup):
        inputs.run(engine, feed, file.name)
        if number and time.monotonic() - start > _WARM_UP_SECONDS:
            break
    gc.collect()
    gc.disable()
    before = len(_read(counts))
    for _ in range(_EMPTY):
        mark()
        mark()
    for number in range(runs):
        mark()
        engine.run(feed)
        mark()
        events.progress(runs=number + 1, total=runs)
    gc.enable()
    marks = _read(counts)[before:]
    between = [end - start for start, end in zip(marks[::2], marks[1::2])]  # noqa: B905 (strict came with Python 3.10)
    own = min(between[:_EMPTY])
    events.emit(
        "instructions",
        file=file.name,
        executed=[count - own for count in between[_EMPTY:]],
        threads=threads,
        runtime=engine.runtime,
        version=engine.version,
        details=engine.details,
        placement=engine.placement,
    )


def _marker(counts: Path) -> Callable[[], None]:
    """A function that sets a mark in the counts.

    Raises:
        JobError: it leaves none.
    """
    close = ctypes.CDLL(None).close
    before = len(_read(counts))
    close(MARK)
    if len(_read(counts)) != before + 1:
        raise JobError("nothing counts instructions here: this step is for emulated processors")

    def mark() -> None:
        close(MARK)

    return mark


def _read(counts: Path) -> list[int]:
    try:
        return [int(line) for line in counts.read_text(encoding="ascii").splitlines()]
    except FileNotFoundError:
        return []
