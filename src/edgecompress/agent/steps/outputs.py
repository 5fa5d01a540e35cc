"""Outputs: run every row of an input file and write what the model says."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from .. import engines, inputs
from ..engines.contract import Array, Engine, Feed
from ..errors import RuntimeRefusedError, first_line
from ..events import Events
from ..job import Job

FIRST, ALL = "first", "all"


def outputs(job: Job, events: Events) -> None:
    """Write ``y`` (float32, one row a sample) of all rows of ``x`` to an npz file; or all outputs of all inputs.

    Job: ``file``; ``inputs``, an npz file with ``x`` (samples, channels, ...); ``output``, the npz file to write;
    ``layout``; ``threads`` (1); ``batch`` (1); ``outputs`` ("first"); ``start`` (0) and ``limit`` (all), the rows to
    take; ``provider`` or ``delegate`` (none). With "all", ``inputs`` has the rows of each input
    by its name, every output is written by its name, in its type and in the file's layout, and ``batch`` is for files
    that leave the batch of every input free: others take what they fix. Event: ``outputs`` with rows and shape of the
    first output, runtime and version.
    """
    file, given, target = job.file("file"), job.file("inputs"), job.path("output")
    layout, threads, batch = job.layout(), job.count("threads", 1), job.count("batch", 1)
    which, accelerator = job.text("outputs", FIRST, among=(FIRST, ALL)), job.accelerator()
    start = job.count("start", 0, least=0)
    taken = slice(start, start + job.count("limit") if job.has("limit") else None)
    job.finish()
    if which == ALL:
        rows = {name: array[taken] for name, array in inputs.read_rows(given, None).items()}
        free = {name: (batch, *array.shape[1:]) for name, array in rows.items()}
        _all(engines.load(file, threads, None, accelerator, free), file, rows, target, layout, events)
        return
    x = inputs.read_array(given, inputs.ONLY)[taken]
    engine = engines.load(file, threads, batch, accelerator)
    found = []
    for done, part in enumerate(inputs.batches({inputs.ONLY: x}, engine, layout)):
        found.append(np.asarray(inputs.run(engine, part, file.name)[0], dtype=np.float32))
        events.progress(done=min((done + 1) * batch, len(x)), total=len(x))
    y = np.concatenate(found)[: len(x)]
    write(target, {"y": y})
    events.emit("outputs", rows=len(y), shape=list(y.shape), runtime=engine.runtime, version=engine.version)


def _all(engine: Engine, file: Path, rows: Feed, target: Path, layout: str, events: Events) -> None:
    parts = inputs.batches(rows, engine, layout)
    made = []
    for done, part in enumerate(parts):
        made.append([np.asarray(each) for each in inputs.run(engine, part, file.name)])
        events.progress(done=done + 1, total=len(parts))
    # The last batch may have been filled up: of all outputs as many rows count as of the inputs.
    name = engine.inputs[0].name
    given, taken = len(rows[name if name in rows else inputs.ONLY]), sum(len(part[name]) for part in parts)
    found = {}
    for output, several in zip(engine.outputs, zip(*made)):  # noqa: B905 (strict came with Python 3.10)
        try:
            y = np.concatenate(several)
        except ValueError as error:
            raise RuntimeRefusedError(f"{file.name}: '{output}' is no array of rows: {first_line(error)}") from error
        found[output] = y[: len(y) * given // taken]
    write(target, found)
    first = found[engine.outputs[0]]
    events.emit("outputs", rows=len(first), shape=list(first.shape), runtime=engine.runtime, version=engine.version)


def write(path: Path, arrays: dict[str, Array]) -> None:
    """Write to a temporary name and rename, so that a run that is stopped leaves no half file."""
    temporary = path.with_name(path.name + ".part")
    # What numpy.savez does, but that an output may be called "file", as its first argument is.
    with temporary.open("wb") as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    temporary.replace(path)
