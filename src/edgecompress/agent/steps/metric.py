"""Metric: what the user's own function says of all that a model puts out, on the board itself."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from .. import engines, inputs, metric_source
from ..engines.contract import Array, Engine
from ..errors import JobError, RuntimeRefusedError
from ..events import Events
from ..job import Job
from .outputs import write

IN_MEMORY = 64 << 20
"""Bytes of outputs that are kept in memory. More than these are kept in a file, and mapped for the function."""


def metric(job: Job, events: Events) -> None:
    """Judge the outputs of every row by a function of a Python source, and write those of the first rows.

    The function is given NumPy arrays, channels first and in float32, as the network gives its outputs, and the
    targets.

    Job: ``file``; ``inputs``, an npz file with the rows of each input by its name, and with the ``targets`` by theirs;
    ``source``, a Python file, and the name of the ``function`` in it; ``arrangement``, the names of the outputs as the
    network gives them (text, lists for tuples, objects); ``output``, the npz file to write the first ``compared`` rows
    to, by those names; ``layout``; ``threads`` (1); ``limit``, the number of rows to take from the front (all);
    ``provider`` or ``delegate`` (none). Events: ``progress``; then ``metric`` with ``value`` and ``samples``.
    """
    file, data, source, target = job.file("file"), job.file("inputs"), job.file("source"), job.path("output")
    name, targets_name, arrangement = job.text("function"), job.text("targets"), job.tree("arrangement")
    layout, threads, compared = job.layout(), job.count("threads", 1), job.count("compared")
    accelerator, limit = job.accelerator(), job.count("limit") if job.has("limit") else None
    job.finish()
    expected = list(metric_source.names(arrangement))
    function = metric_source.load(source, name)
    rows = inputs.read_rows(data, limit)
    if targets_name not in rows:
        raise JobError(f"{data} has no array '{targets_name}' (it has {', '.join(rows) or 'none'})")
    targets = rows.pop(targets_name)
    engine = engines.load(file, threads, None, accelerator, {name: (1, *x.shape[1:]) for name, x in rows.items()})
    places = _places(engine, expected, file)
    parts = inputs.batches(rows, engine, layout)
    only = engine.inputs[0].name
    count = len(rows[only if only in rows else inputs.ONLY])
    held = {name: _Held(target.parent, count) for name in expected}
    done = 0
    for part in parts:
        made = inputs.run(engine, part, file.name)
        for output, place in places.items():
            held[output].take(_rows_of(made[place], len(part[only]), layout, f"{file.name}: '{output}'"))
        if not all(each.finite for each in held.values()):
            raise RuntimeRefusedError(f"{file.name} gives outputs that are not finite, first at sample {done}")
        done = min(done + len(part[only]), count)
        events.progress(done=done, total=count)
    outputs = {name: each.array() for name, each in held.items()}
    write(target, {name: each[:compared] for name, each in outputs.items()})
    value = metric_source.value(function, arrangement, outputs, targets)
    events.emit("metric", file=file.name, value=value, samples=count, runtime=engine.runtime, version=engine.version)


def _places(engine: Engine, expected: list[str], file: Path) -> dict[str, int]:
    """The place of each output in what the engine gives. A file of one output may call it otherwise."""
    if len(expected) == len(engine.outputs) == 1:
        return {expected[0]: 0}
    missing = [name for name in expected if name not in engine.outputs]
    if missing:
        raise JobError(f"{file.name} has no output '{missing[0]}' (it has {', '.join(engine.outputs)})")
    return {name: engine.outputs.index(name) for name in expected}


def _rows_of(output: Array, rows: int, layout: str, what: str) -> Array:
    y = np.asarray(output)
    if not y.ndim or len(y) != rows:
        raise RuntimeRefusedError(f"{what} is of shape {list(y.shape)}, and must have a row for each of {rows} samples")
    return inputs.channels_first(y, layout).astype(np.float32)


class _Held:
    """The rows of one output until now."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count = folder, count
        self._stream: IO[bytes] | None = None
        self._shape: tuple[int, ...] = ()
        self._mapped = False
        self.rows, self.finite = 0, True

    def take(self, rows: Array) -> None:
        """Add rows; those past the last sample, which fill up a batch, are left out."""
        if self._stream is None:
            self._shape = rows.shape[1:]
            self._mapped = self._count * rows[:1].nbytes > IN_MEMORY
            # It has no name in the folder, so that it goes with the process however that ends.
            self._stream = tempfile.TemporaryFile(dir=self._folder) if self._mapped else io.BytesIO()  # noqa: SIM115
        rows = rows[: self._count - self.rows]
        self.finite = self.finite and bool(np.isfinite(rows).all())
        self._stream.write(rows.tobytes())
        self.rows += len(rows)

    def array(self) -> Array:
        """All rows, which may be written to."""
        stream: Any = self._stream
        shape = (self.rows, *self._shape)
        if not self._mapped:
            return np.frombuffer(stream.getbuffer(), np.float32).reshape(shape)
        stream.flush()
        return np.asarray(np.memmap(stream, np.float32, "c", shape=shape))
