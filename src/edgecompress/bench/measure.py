"""Measure on the device, in this order: latency first, then memory, energy, accuracy, and the profile."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress.agent.inputs import BROKEN_NPZ
from edgecompress.bench.accelerator import NONE, Accelerator
from edgecompress.bench.agreement import OUTPUTS, disagreement
from edgecompress.bench.contract import ToMeasure
from edgecompress.bench.energy import Energy
from edgecompress.bench.journal import Journal
from edgecompress.bench.metric import ByMetric, take
from edgecompress.bench.operators import RUNS, Profile
from edgecompress.bench.processes import share, together
from edgecompress.bench.protocol import Protocol
from edgecompress.bench.records import AccuracyResult, Failure, FileResult, Latency, ProcessMemory
from edgecompress.bench.statistics import summary
from edgecompress.bundle import EVAL
from edgecompress.deploy.on_device import AgentFailedError, AgentOnDevice, Event
from edgecompress.errors import EdgecompressError, InputError, RuntimeFailedError
from edgecompress.export import verify
from edgecompress.progress import Progress
from edgecompress.record import Record

REFERENCE = "reference-{}.npz"
REFERENCE_SAMPLES = 256
# Bounds for what should never hang: loading decodes weights, and a slow board may take long for it.
LOAD_SECONDS = 600
ACCURACY_SECONDS = 6 * 3600


class Measurement:
    """The measurement of model files in a folder. What fails for one is kept with that file, and the others go on."""

    def __init__(
        self,
        agent: AgentOnDevice | Journal,
        folder: Path,
        models: Mapping[str, ToMeasure],
        protocol: Protocol,
        progress: Progress,
        accelerator: Accelerator = NONE,
    ) -> None:
        self._agent, self._folder, self._models = agent, folder, models
        self._protocol, self._progress, self._accelerator = protocol, progress, accelerator
        self.notes: list[str] = []  # what went another way than it should, for the record's validity
        self._references: dict[str, str] = {}
        self._spreads: dict[str, float] = {}  # of the references' outputs
        self._limit: int | None = None  # of samples for accuracy
        self._results = {
            name: FileResult(runtime=file.runtime, kind=file.kind, bytes=file.bytes, sha256=file.sha256)
            for name, file in models.items()
        }

    def results(self) -> dict[str, FileResult]:
        """The results so far, by file."""
        return dict(self._results)

    def all(
        self,
        threads: int,
        *,
        labelled: bool = True,
        energy: bool = False,
        profile: bool = False,
        metric: ByMetric | None = None,
    ) -> None:
        """Push the files and measure them; what their nodes take, and what they draw, where that is asked for.

        Without labels there is no accuracy.
        """
        self.speed(threads)
        if energy and self._protocol.energy_seconds:
            for name in self._models:
                self._energy(name, threads)
        if labelled:
            self._make_references()
            for name in self._models:
                self._accuracy(name, threads)
        self._metric(metric, threads)
        if profile:
            for name in self._models:
                self._profile(name, threads)

    def speed(self, threads: int) -> None:
        """Push the files and measure their latency, and load time and memory, and nothing that needs labels."""
        for name in (*self._models, EVAL):
            self._agent.push(self._folder / name)
        runtimes = dict.fromkeys(file.runtime for file in self._models.values())
        for runtime in runtimes:
            names = [name for name, file in self._models.items() if file.runtime == runtime]
            self._latency(runtime, names, threads)
        for name in self._models:
            self._memory(name, threads)

    def _latency(self, title: str, names: list[str], threads: int) -> None:
        """Time the files together; if that fails, each alone, so that one bad file costs no other its times."""
        try:
            events = self._time(f"latency {title}", names, threads)
        except AgentFailedError as error:
            if len(names) == 1:
                self._failed(names[0], "latency", error)
                return
            for name in names:
                self._latency(name, [name], threads)
            self.notes.append(f"{', '.join(names)}: timed each alone, because together {error}")
            return
        for event in events:
            name = event["file"]
            latency = Latency(
                summary=summary(event["samples_ns"], processes=event["processes"], seed=self._protocol.seed),
                together_with=[other for other in names if other != name],
                **_only(event, Latency),
            )
            self._results[name] = self._results[name].model_copy(
                update={"latency": latency, "runtime_version": f"{event['runtime']} {event['version']}"}
            )
            self._note_placement(name, latency.placement)

    def _note_placement(self, name: str, placement: dict[str, int] | None) -> None:
        if placement and self._accelerator.of(self._models[name].runtime):
            asked, count = next(iter(placement.items()))
            if not count:
                self.notes.append(f"{name}: {asked} took none of its {sum(placement.values())} nodes")

    def _time(self, title: str, names: list[str], threads: int) -> list[Event]:
        protocol = self._protocol
        # In hundredths: whichever of the two minima is further away says how far it is.
        self._progress(title, 0, 100)
        files = [self._file(name) for name in names]
        parts: list[list[Event]] = []
        for number in range(protocol.processes):
            job = {**share(protocol, files, number), "inputs": EVAL, "threads": threads}
            before = sum(part[0]["runs"] for part in parts)

            def on_progress(event: Event, number: int = number, job: Event = job, before: int = before) -> None:
                done = 0.0
                note = f"{before + event['runs']} runs"
                if event["phase"] == "warm-up":
                    note = f"warm-up, {event['runs']} runs"
                else:
                    done = min(1.0, event["runs"] / max(1, event["min_runs"]))
                    if job["min_seconds"]:
                        done = min(done, event["seconds"] / job["min_seconds"])
                self._progress(title, min(99, int(100 * (number + done) / protocol.processes)), 100, note)

            seconds = LOAD_SECONDS * len(names) + protocol.warmup_max_seconds + 2 * job["max_seconds"]
            parts.append(self._agent.step("latency", job, seconds=seconds, on_progress=on_progress))
        events = together(parts)
        self._progress(title, 100, 100, f"{events[0]['runs']} runs")
        return events

    def _memory(self, name: str, threads: int) -> None:
        self._progress("memory", self._number(name), len(self._results), name)
        job = {**self._job(name, threads), "inputs": EVAL, "seed": self._protocol.seed}
        event = self._step(name, "memory", job, LOAD_SECONDS)
        if event is None:
            return
        memory = ProcessMemory.model_validate(_only(event, ProcessMemory))
        self._results[name] = self._results[name].model_copy(update={"memory": memory})
        self._progress("memory", self._number(name) + 1, len(self._results), name)

    def _energy(self, name: str, threads: int) -> None:
        self._progress("energy", self._number(name), len(self._results), name)
        seconds = self._protocol.energy_seconds
        job = {**self._job(name, threads), "inputs": EVAL, "seed": self._protocol.seed, "seconds": seconds}
        event = self._step(name, "energy", job, LOAD_SECONDS + 10 * seconds)
        if event is None:
            return
        energy = Energy.model_validate(_only(event, Energy))
        self._results[name] = self._results[name].model_copy(update={"energy": energy})
        self._progress("energy", self._number(name) + 1, len(self._results), name)

    def _profile(self, name: str, threads: int) -> None:
        self._progress("profile", self._number(name), len(self._results), name)
        job = {**self._job(name, threads), "inputs": EVAL, "seed": self._protocol.seed, "runs": RUNS}
        event = self._step(name, "profile", job, LOAD_SECONDS + self._protocol.max_seconds)
        if event is None:
            return
        profile = Profile.model_validate(_only(event, Profile))
        self._results[name] = self._results[name].model_copy(update={"profile": profile})
        self._progress("profile", self._number(name) + 1, len(self._results), name)

    def _make_references(self) -> None:
        """Run the ONNX file of each kind here, on the first samples, and push its outputs.

        It is what the device's outputs are compared with: the same file in another place, or the same network in
        another format. Both formats are held against one reference, which is this machine's onnxruntime.
        """
        try:
            with np.load(self._folder / EVAL, allow_pickle=False) as archive:
                x = archive["x"][:REFERENCE_SAMPLES]
        except BROKEN_NPZ as error:
            raise InputError(f"cannot read {self._folder / EVAL}: {error}; build the bundle anew") from error
        for name, file in self._models.items():
            if file.runtime != "onnxruntime":
                continue
            try:
                y, _, version = verify.outputs(self._folder / name, x, layout=file.input_layout)
            except EdgecompressError:
                continue  # the file's own rows have the failure; without a reference there is no difference to report
            with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
                path = Path(folder) / REFERENCE.format(file.kind)
                np.savez(path, y=y)
                self._agent.push(path)
            self._spreads[file.kind] = float(np.ptp(y))
            self._references[file.kind] = f"{name}, first {len(x)} samples, on the host in onnxruntime {version}"

    def _accuracy(self, name: str, threads: int) -> None:
        kind, title = self._models[name].kind, f"accuracy {name}"
        self._progress(title, 0, 1)
        job = {**self._job(name, threads), "eval": EVAL}
        if kind in self._references:
            job["reference"] = REFERENCE.format(kind)
        if self._limit is not None:
            job["limit"] = self._limit

        def on_progress(event: Event) -> None:
            self._progress(
                title, event["done"], event["total"], f"{100 * event['correct'] / max(1, event['done']):.2f} %"
            )

        event = self._step(name, "accuracy", job, ACCURACY_SECONDS, on_progress)
        if event is None:
            return
        percent = 100 * event["correct"] / event["total"]
        result = AccuracyResult(
            correct=event["correct"],
            samples=event["total"],
            percent=percent,
            largest_difference=event["largest_difference"],
            reference=self._references.get(kind, "none: the host could not run the ONNX file"),
        )
        self._results[name] = self._results[name].model_copy(update={"accuracy": result})
        wrong = disagreement(self._results[name], self._spreads.get(kind), self._models[name].tolerance)
        if wrong is not None:
            self._failed(name, OUTPUTS, wrong)
        self._progress(title, event["total"], event["total"], f"{percent:.2f} %")

    def _metric(self, metric: ByMetric | None, threads: int) -> None:
        """The metric of the user's own, of each file, where there is one."""
        if metric is None:
            return
        jobs = {name: self._job(name, threads) for name in self._models}
        taken = take(metric, self._agent, self._models, jobs, self._limit, self._progress)
        self.notes += taken.notes
        for name, message in taken.failures.items():
            self._failed(name, "metric", message)
        for name, (result, spread) in taken.results.items():
            self._results[name] = self._results[name].model_copy(update={"metric": result})
            wrong = disagreement(self._results[name], spread, self._models[name].tolerance)
            if wrong is not None and not self._results[name].accuracy:
                self._failed(name, OUTPUTS, wrong)

    def _step(
        self, name: str, step: str, job: Event, seconds: float, on_progress: Callable[[Event], None] = lambda _: None
    ) -> Event | None:
        """The one event of a step of one file; ``None``: it failed, which is in the file's result now."""
        try:
            (event,) = self._agent.step(step, job, seconds=seconds, on_progress=on_progress)
        except AgentFailedError as error:
            self._failed(name, step, error)
            return None
        return event

    def _file(self, name: str) -> Event:
        file = self._models[name]
        return {"file": name, "layout": file.input_layout, **self._accelerator.of(file.runtime)}

    def _job(self, name: str, threads: int) -> Event:
        return {**self._file(name), "threads": threads}

    def _failed(self, name: str, step: str, error: RuntimeFailedError | str) -> None:
        result = self._results[name]
        failures = [*result.failures, Failure(step=step, message=str(error))]
        self._results[name] = result.model_copy(update={"failures": failures})

    def _number(self, name: str) -> int:
        return list(self._results).index(name)


def _only(event: Event, record: type[Record]) -> dict[str, Any]:
    """The parts of an event that are fields of a record."""
    return {name: value for name, value in event.items() if name in record.model_fields}
