"""Measure on an emulated processor: instructions, outputs and accuracy. No time and no memory is taken."""

from typing import Any

from edgecompress.bench.measure import ACCURACY_SECONDS, Measurement
from edgecompress.bench.metric import ByMetric
from edgecompress.bundle import EVAL
from edgecompress.deploy.emulated.count import describe
from edgecompress.deploy.emulated.emulator import COUNTS
from edgecompress.deploy.on_device import Event

SAMPLES = {"quick": 64, "standard": 256}
"""Of the evaluation data, by mode; any other runs them all. An emulated processor takes some 100 times as long."""
RUNS = 4


class Counting(Measurement):
    """The measurement of model files on an emulated processor, on one thread."""

    def __init__(self, *given: Any, processor: str) -> None:
        super().__init__(*given)
        self._processor = processor

    def all(
        self,
        threads: int,
        *,
        labelled: bool = True,
        energy: bool = False,  # noqa: ARG002
        profile: bool = False,  # noqa: ARG002
        metric: ByMetric | None = None,
    ) -> None:
        """Push the files, count what one inference of each executes, and compare their outputs and answers.

        Energy and the runtime's profiler are of a processor's time: they are left out.
        """
        self.speed(threads)
        self._limit = SAMPLES.get(self._protocol.mode)
        if labelled:
            self._make_references()
            for name in self._models:
                self._accuracy(name, threads)
        self._metric(metric, threads)

    def speed(self, threads: int) -> None:
        """Push the files, and count what one inference of each executes: what stands here for its latency."""
        for name in (*self._models, EVAL):
            self._agent.push(self._folder / name)
        for name in self._models:
            self._count(name, threads)

    def _count(self, name: str, threads: int) -> None:
        title = f"instructions {name}"
        self._progress(title, 0, RUNS)
        job = {**self._file(name), "threads": threads, "inputs": EVAL, "counts": COUNTS, "runs": RUNS}

        def on_progress(event: Event) -> None:
            self._progress(title, event["runs"], event["total"])

        event = self._step(name, "instructions", job, ACCURACY_SECONDS, on_progress)
        if event is None:
            return
        result = self._results[name]
        counted = describe(event, self._processor)
        self._results[name] = result.model_copy(update={"instructions": counted, "runtime_version": counted.runtime})
        self._progress(title, RUNS, RUNS, f"{counted.per_inference:,}")
