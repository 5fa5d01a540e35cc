"""Outputs: run every row of an input file and write what the model says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import engines, inputs
from ..engines.contract import Array
from ..events import Events
from ..job import Job


def outputs(job: Job, events: Events) -> None:
    """Write ``y`` (float32, one row a sample) of all rows of ``x`` to an npz file.

    Job: ``file``; ``inputs``, an npz file with ``x`` (samples, channels, ...); ``output``, the npz file to write;
    ``layout``; ``threads`` (1); ``batch`` (1). Event: ``outputs`` with rows, shape, runtime and version.
    """
    file, given, target = job.file("file"), job.file("inputs"), job.path("output")
    layout, threads, batch = job.layout(), job.count("threads", 1), job.count("batch", 1)
    job.finish()
    x = inputs.read_array(given, inputs.ONLY)
    engine = engines.load(file, threads, batch)
    rows = []
    for done, part in enumerate(inputs.batches({inputs.ONLY: x}, engine, layout)):
        rows.append(np.asarray(inputs.run(engine, part, file.name)[0], dtype=np.float32))
        events.progress(done=min((done + 1) * batch, len(x)), total=len(x))
    y = np.concatenate(rows)[: len(x)]
    _write(target, y)
    events.emit("outputs", rows=len(y), shape=list(y.shape), runtime=engine.runtime, version=engine.version)


def _write(path: Path, y: Array) -> None:
    """Write to a temporary name and rename, so that a run that is stopped leaves no half file."""
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as stream:
        np.savez(stream, y=y)
    temporary.replace(path)
