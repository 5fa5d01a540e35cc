"""Profile: how long each node takes, by the runtime's own profiler, or each alone where it has none."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from .. import engines, inputs
from ..engines.contract import Profiled
from ..errors import NotOfferedError
from ..events import Events
from ..job import Job

# Different inputs, in turn, as in latency.
ROWS = 31


def profile(job: Job, events: Events) -> None:
    """Run a file and take the time of each node, in a process of its own: that takes time, which no latency shows.

    Job: ``file``; ``layout``; ``threads``; ``warmup`` (10) and ``runs`` (100), numbers of runs; ``inputs``, an npz file
    that gives up to 31 samples (absent: noise from ``seed``); ``seed`` (0); ``provider`` or ``delegate``
    (none). Event: ``profile`` with runs, run_p50_us (of the whole run) and ``nodes``, the
    slowest first: name, op_type, provider, calls, mean_us, p50_us and share; ``method``: ``profiler`` (of onnxruntime;
    the share is of all time of these runs) or ``operators alone`` (LiteRT: each as a graph of its own, after each run
    of the whole; the share is of all their medians, and ``together`` is their time over the whole's).
    Where neither is possible, ``nodes`` is empty and ``note`` says why.
    """
    file, layout, threads, accelerator = job.file("file"), job.layout(), job.count("threads"), job.accelerator()
    warmup, runs = job.count("warmup", 10, least=0), job.count("runs", 100)
    seed = job.count("seed", 0, least=0)
    given = job.file("inputs") if job.has("inputs") else None
    job.finish()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        note: str | None = None
        try:
            engine, finish = engines.load_profiled(file, threads, accelerator, Path(folder))
        except NotOfferedError as error:
            seen, note = Profiled([], [], "profiler", None), f"not offered: {error}"
        else:
            rows = None if given is None else inputs.read_rows(given, ROWS)
            feed = inputs.feeds(engine, layout, rows, ROWS, seed)
            for number in range(warmup + runs):
                inputs.run(engine, feed[number % len(feed)], file.name)
                events.progress(runs=number + 1, total=warmup + runs)
            seen = finish(warmup)
    events.emit(
        "profile",
        file=file.name,
        runs=len(seen.runs_us),
        run_p50_us=float(median(seen.runs_us)) if seen.runs_us else None,
        nodes=seen.nodes,
        method=seen.method,
        together=seen.together,
        note=note,
    )
