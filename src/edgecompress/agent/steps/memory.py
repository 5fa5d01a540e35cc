"""Memory: what one model file costs in a process of its own."""

from __future__ import annotations

import time

from .. import engines, inputs
from ..events import Events
from ..job import Job
from ..system.memory import reset_peak, resident


def memory(job: Job, events: Events) -> None:
    """Read the memory of this process after the runtime's import, after loading, and after the first run.

    The numbers are of the whole process, so they include the interpreter, numpy and the runtime; ``over_import`` is
    what came on top of those. All are bytes; one the system does not tell is null. ``peak`` is the highest resident
    size since the import where the kernel lets it be reset (``peak_since_import``), else since the process began.
    ``samples`` are run at once: one, or as many as a file takes whose batch size is fixed.

    Job: ``file``; ``layout``; ``threads``; ``inputs``, an npz file whose first row is run (absent: noise);
    ``seed`` (0); ``provider`` or ``delegate`` (none). Event: ``memory``; it also has ``load_ns`` and ``first_ns``,
    measured in this fresh process.
    """
    file, layout, threads = job.file("file"), job.layout(), job.count("threads")
    seed, accelerator = job.count("seed", 0, least=0), job.accelerator()
    given = job.file("inputs") if job.has("inputs") else None
    job.finish()
    # One row is cut out and the rest is gone before the first reading, or the data would count as the model's.
    row = None if given is None else inputs.read_rows(given, 1)
    engines.prepare(file)
    peak_was_reset = reset_peak()
    after_import = resident()

    start = time.perf_counter_ns()
    engine = engines.load(file, threads, None, accelerator)
    load_ns = time.perf_counter_ns() - start
    after_load = resident()

    (feed,) = inputs.feeds(engine, layout, row, 1, seed)
    start = time.perf_counter_ns()
    inputs.run(engine, feed, file.name)
    first_ns = time.perf_counter_ns() - start
    after_run = resident()

    events.emit(
        "memory",
        file=file.name,
        samples=max((given.shape[0] for given in engine.inputs), default=1),
        after_import=after_import,
        after_load=after_load,
        after_first_run=after_run,
        over_import={"after_load": _over(after_load, after_import), "after_first_run": _over(after_run, after_import)},
        peak=after_run["peak"],
        peak_since_import=peak_was_reset,
        load_ns=load_ns,
        first_ns=first_ns,
        threads=threads,
        runtime=engine.runtime,
        version=engine.version,
    )


def _over(now: dict[str, int | None], before: dict[str, int | None]) -> dict[str, int | None]:
    """The growth of each number; for the peak, over the resident size before."""
    grown: dict[str, int | None] = {}
    for name, value in now.items():
        base = before["rss" if name == "peak" else name]
        grown[name] = None if value is None or base is None else value - base
    return grown
