"""Profile: how long each node takes, as the runtime's own profiler sees it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from .. import engines, inputs
from ..engines import onnxruntime_profile
from ..events import Events
from ..job import Job

# Different inputs, in turn, as in latency.
ROWS = 31


def profile(job: Job, events: Events) -> None:
    """Run a file under its runtime's profiler, in a process of its own: profiling takes time, which no latency shows.

    Job: ``file``; ``layout``; ``threads``; ``warmup`` (10) and ``runs`` (100), numbers of runs; ``inputs``, an npz file
    that gives up to 31 samples (absent: noise from ``seed``); ``seed`` (0); ``provider`` or ``delegate``
    (none). Event: ``profile`` with runs, run_p50_us (of the whole run, as the profiler saw it) and ``nodes``, the
    slowest first: name, op_type, provider, calls, mean_us, p50_us and share (of all time of these runs). Where the
    runtime has no profiler that Python reaches, ``nodes`` is empty and ``note`` says so.
    """
    file, layout, threads, accelerator = job.file("file"), job.layout(), job.count("threads"), job.accelerator()
    warmup, runs = job.count("warmup", 10, least=0), job.count("runs", 100)
    seed = job.count("seed", 0, least=0)
    given = job.file("inputs") if job.has("inputs") else None
    job.finish()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        loaded = engines.load_profiled(file, threads, accelerator, Path(folder))
        if loaded is None:
            note = "not offered by this runtime: its Python interface has no profiler"
            events.emit("profile", file=file.name, runs=0, run_p50_us=None, nodes=[], note=note)
            return
        engine, finish = loaded
        rows = None if given is None else inputs.read_rows(given, ROWS)
        feed = inputs.feeds(engine, layout, rows, ROWS, seed)
        for number in range(warmup + runs):
            inputs.run(engine, feed[number % len(feed)], file.name)
            events.progress(runs=number + 1, total=warmup + runs)
        nodes, taken = onnxruntime_profile.read(finish(), warmup)
    events.emit("profile", file=file.name, runs=len(taken), run_p50_us=float(median(taken)), nodes=nodes, note=None)
