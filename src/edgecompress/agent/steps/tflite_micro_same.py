"""Tflite_micro_same: two TFLite files in TensorFlow Lite Micro, whose outputs must be the same bit by bit."""

from __future__ import annotations

import numpy as np

from ..engines.tflite_micro_engine import RUNTIME, MicroInterpreter
from ..errors import JobError, RuntimeRefusedError, first_line
from ..events import Events
from ..job import Job


def tflite_micro_same(job: Job, events: Events) -> None:
    """Run two files on the same random inputs, and compare all outputs bit by bit.

    Job: ``file`` and ``reference``; ``inputs`` and ``outputs``, how many they have; ``runs``; ``seed``. Event:
    ``tflite_micro_same`` with ``same``, the runtime, its version, and the arena of both in bytes.
    """
    file, reference = job.file("file"), job.file("reference")
    inputs, outputs = job.count("inputs"), job.count("outputs")
    runs, seed = job.count("runs"), job.count("seed", 0, least=0)
    job.finish()
    made = [MicroInterpreter(each) for each in (file, reference)]
    expected = made[1].inputs(inputs)
    if made[0].inputs(inputs) != expected:
        raise JobError(f"{file.name} has other inputs than {reference.name}")
    random = np.random.default_rng(seed)
    same = True
    try:
        for done in range(runs):
            given = [_drawn(random, shape, dtype) for shape, dtype in expected]
            found = [[each.tobytes() for each in one.run_all(given, outputs)] for one in made]
            same = same and found[0] == found[1]
            events.progress(done=done + 1, total=runs)
    except Exception as error:
        raise RuntimeRefusedError(f"{RUNTIME} fails in {file.name} or {reference.name}: {first_line(error)}") from error
    events.emit(
        "tflite_micro_same",
        file=file.name,
        same=same,
        arena=made[0].arena,
        reference_arena=made[1].arena,
        runtime=RUNTIME,
        version=made[0].version,
    )


def _drawn(random: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Random numbers: all values of a byte, and some of wider types, which may be indices."""
    if dtype.kind in "iu":
        bounds = np.iinfo(dtype) if dtype.itemsize == 1 else None
        low, high = (0, 2) if bounds is None else (bounds.min, bounds.max + 1)
        return random.integers(low, high, shape, dtype=dtype)
    if dtype.kind == "b":
        return random.integers(0, 2, shape).astype(dtype)
    return random.normal(size=shape).astype(dtype)
