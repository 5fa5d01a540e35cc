"""Energy: what an inference takes beyond what the board draws when it waits."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from .. import engines, inputs
from ..errors import JobError
from ..events import Events
from ..job import Job
from ..system.power import Sensor, joules, readings, sensor
from ._sampler import Sampler

ROWS = 31
WARMUP = 10
SETTLE = 1.0  # seconds between two phases that count for neither: a sensor averages over a part of a second
FASTEST = 0.1
MOST_READINGS = 2000
FEWEST_READINGS = 3


class Phase:
    """A span of time, and what was drawn in it."""

    def __init__(self, meter: Sensor) -> None:
        self._meter = meter
        self.before = self._read()
        self.start = time.monotonic()
        self.seconds, self.counted = 0.0, 0.0

    def end(self) -> None:
        """The phase is over now."""
        self.seconds = time.monotonic() - self.start
        self.counted = joules(self._meter, self.before, self._read()) if self._meter.counts else 0.0

    def _read(self) -> dict[str, float]:
        if not self._meter.counts:
            return {}
        values = readings(self._meter)
        if values is None:
            raise JobError(f"{self._meter.name} cannot be read any more")
        return values

    def watts(self, taken: list[tuple[float, float]]) -> float:
        """The mean power, from the counter or from readings by another process."""
        if self._meter.counts:
            return self.counted / self.seconds
        inside = [watts for moment, watts in taken if self.start <= moment <= self.start + self.seconds]
        if len(inside) < FEWEST_READINGS:
            raise JobError(f"{self._meter.name} gave {len(inside)} readings in {self.seconds:.1f} s: too few")
        return sum(inside) / len(inside)


def energy(job: Job, events: Events) -> None:
    """Run a file over and over for some seconds, between two waits, and compare what is drawn.

    The process is the same and the model is loaded in all three phases. Power is read by a process of its own, energy
    counters at the ends of the phases. The energy of an inference is (watts of the runs - mean watts of both waits) *
    seconds of the runs / runs.

    Job: ``file``; ``layout``; ``threads``; ``seconds`` (10) of runs, and half of that for each wait; ``inputs``, an npz
    file that gives up to 31 samples (absent: noise from ``seed``); ``seed`` (0); ``provider`` or
    ``delegate`` (none); ``root`` ("/"), the folder that ``sys`` is read from. Event: ``energy`` with sensor, rails,
    idle_watts, watts, idle_seconds, seconds, runs, readings (null where the sensor counts), millijoules and
    millijoules_with_idle (of one inference; null with a ``note`` where the sensor could not tell).
    """
    file, layout, threads, accelerator = job.file("file"), job.layout(), job.count("threads"), job.accelerator()
    seconds, seed = job.seconds("seconds", 10), job.count("seed", 0, least=0)
    given = job.file("inputs") if job.has("inputs") else None
    meter, why = sensor(job.path("root") if job.has("root") else Path("/"))
    job.finish()
    if meter is None:
        raise JobError(why)
    sampler = None if meter.counts else Sampler.start(meter, max(FASTEST, 2 * seconds / MOST_READINGS))
    try:
        engine = engines.load(file, threads, accelerator=accelerator)
        rows = None if given is None else inputs.read_rows(given, ROWS)
        feed = inputs.feeds(engine, layout, rows, ROWS, seed)
        for x in (feed * WARMUP)[:WARMUP]:
            inputs.run(engine, x, file.name)
        first = _wait(meter, seconds / 2, events)
        runs, working = 0, Phase(meter)
        while time.monotonic() - working.start < seconds or not runs:
            engine.run(feed[runs % len(feed)])
            runs += 1
        working.end()
        last = _wait(meter, seconds / 2, events)
    finally:
        taken = [] if sampler is None else sampler.stop()
    events.emit("energy", file=file.name, **_result(meter, taken, (first, last), working, runs))


def _wait(meter: Sensor, seconds: float, events: Events) -> Phase:
    events.progress(phase="wait")
    time.sleep(SETTLE)
    phase = Phase(meter)
    time.sleep(seconds)
    phase.end()
    return phase


def _result(
    meter: Sensor, taken: list[tuple[float, float]], waits: tuple[Phase, Phase], working: Phase, runs: int
) -> dict[str, Any]:
    idle = sum(wait.watts(taken) for wait in waits) / 2
    watts = working.watts(taken)
    still = meter.counts and not all(phase.counted for phase in (*waits, working))
    per_run = 1000 * working.seconds / runs
    return {
        "sensor": meter.name,
        "rails": list(meter.rails),
        "idle_watts": idle,
        "watts": watts,
        "idle_seconds": sum(wait.seconds for wait in waits),
        "seconds": working.seconds,
        "runs": runs,
        "readings": None if meter.counts else len(taken),
        "millijoules": None if still else (watts - idle) * per_run,
        "millijoules_with_idle": None if still else watts * per_run,
        "note": "the counter did not move in one of the phases: measure for longer" if still else None,
    }
