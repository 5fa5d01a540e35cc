"""What is run on the device, and in which order: latency first, then memory, then accuracy."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress.bench.journal import Journal
from edgecompress.bench.protocol import Protocol
from edgecompress.bench.records import AccuracyResult, Conditions, Failure, FileResult, Latency, Memory
from edgecompress.bench.statistics import summary
from edgecompress.bundle import Manifest
from edgecompress.deploy.on_device import AgentFailedError, AgentOnDevice, Event
from edgecompress.errors import EdgecompressError, RuntimeFailedError
from edgecompress.export import verify
from edgecompress.progress import Progress
from edgecompress.record import Record

EVAL = "eval.npz"
REFERENCE = "reference-{}.npz"
REFERENCE_SAMPLES = 256
# Bounds for what should never hang: loading decodes weights, and a slow board may take long for it.
LOAD_SECONDS = 600
ACCURACY_SECONDS = 6 * 3600
CONDITIONS_SECONDS = 60


class Measurement:
    """The measurement of one bundle. What fails for one file is kept with that file, and the others go on."""

    def __init__(
        self, agent: AgentOnDevice | Journal, folder: Path, manifest: Manifest, protocol: Protocol, progress: Progress
    ) -> None:
        self._agent, self._folder, self._manifest = agent, folder, manifest
        self._protocol, self._progress = protocol, progress
        self._references: dict[str, str] = {}
        self._results = {
            name: FileResult(runtime=file.runtime, kind=file.kind, bytes=file.bytes, sha256=file.sha256)
            for name, file in manifest.models.items()
        }

    def results(self) -> dict[str, FileResult]:
        """What was measured until now, by file."""
        return dict(self._results)

    def conditions(self, when: str) -> Conditions:
        """The device and the state it is in.

        Raises:
            AgentFailedError: the agent does not run there at all.
        """
        self._progress(f"conditions {when}", 0, 1)
        (event,) = self._agent.step("conditions", {}, seconds=CONDITIONS_SECONDS, on_progress=_ignore)
        self._progress(f"conditions {when}", 1, 1, str(event["cpu"] or event["machine"]))
        return Conditions.model_validate(_only(event, Conditions))

    def all(self, threads: int) -> None:
        """Push the files and measure them."""
        for name in (*self._manifest.models, EVAL):
            self._agent.push(self._folder / name)
        runtimes = dict.fromkeys(file.runtime for file in self._manifest.models.values())
        for runtime in runtimes:
            names = [name for name, file in self._manifest.models.items() if file.runtime == runtime]
            self._latency(runtime, names, threads)
        for name in self._manifest.models:
            self._memory(name, threads)
        self._make_references()
        for name in self._manifest.models if self._manifest.data.classes else ():
            self._accuracy(name, threads)

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
            return
        for event in events:
            name = event["file"]
            latency = Latency(
                summary=summary(event["samples_ns"]),
                together_with=[other for other in names if other != name],
                **_only(event, Latency),
            )
            self._results[name] = self._results[name].model_copy(
                update={"latency": latency, "runtime_version": f"{event['runtime']} {event['version']}"}
            )

    def _time(self, title: str, names: list[str], threads: int) -> list[Event]:
        protocol = self._protocol
        job = {
            "files": [{"file": name, "layout": self._manifest.models[name].input_layout} for name in names],
            "inputs": EVAL,
            "warmup": "settle" if protocol.warmup is None else protocol.warmup,
            "warmup_max_seconds": protocol.warmup_max_seconds,
            "min_runs": protocol.min_runs,
            "min_seconds": protocol.min_seconds,
            "max_seconds": protocol.max_seconds,
            "window_seconds": protocol.window_seconds,
            "threads": threads,
            "seed": protocol.seed,
        }
        # In hundredths: whichever of the two minima is further away says how far it is.
        self._progress(title, 0, 100)

        def on_progress(event: Event) -> None:
            if event["phase"] == "warm-up":
                self._progress(title, 0, 100, f"warm-up, {event['runs']} runs")
                return
            parts = [event["runs"] / event["min_runs"], 1.0]
            if event["min_seconds"]:
                parts.append(event["seconds"] / event["min_seconds"])
            self._progress(title, min(99, int(100 * min(parts))), 100, f"{event['runs']} runs")

        seconds = LOAD_SECONDS * len(names) + protocol.warmup_max_seconds + 2 * protocol.max_seconds
        events = self._agent.step("latency", job, seconds=seconds, on_progress=on_progress)
        self._progress(title, 100, 100, f"{events[0]['runs']} runs")
        return events

    def _memory(self, name: str, threads: int) -> None:
        self._progress("memory", self._number(name), len(self._results), name)
        job = {**self._job(name, threads), "inputs": EVAL, "seed": self._protocol.seed}
        try:
            (event,) = self._agent.step("memory", job, seconds=LOAD_SECONDS, on_progress=_ignore)
        except AgentFailedError as error:
            self._failed(name, "memory", error)
            return
        memory = Memory.model_validate(_only(event, Memory))
        self._results[name] = self._results[name].model_copy(update={"memory": memory})
        self._progress("memory", self._number(name) + 1, len(self._results), name)

    def _make_references(self) -> None:
        """Run the ONNX file of each kind here, on the first samples, and push what it says.

        It is what the device's outputs are compared with: the same file in another place, or the same network in
        another format. Both formats are held against one reference, which is this machine's onnxruntime.
        """
        with np.load(self._folder / EVAL, allow_pickle=False) as archive:
            x = archive["x"][:REFERENCE_SAMPLES]
        for name, file in self._manifest.models.items():
            if file.runtime != "onnxruntime":
                continue
            try:
                y, _, version = verify.outputs(self._folder / name, x, layout=file.input_layout)
            except EdgecompressError:
                continue  # the file's own rows tell of it; without a reference there is no difference to report
            with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
                path = Path(folder) / REFERENCE.format(file.kind)
                np.savez(path, y=y)
                self._agent.push(path)
            self._references[file.kind] = f"{name}, first {len(x)} samples, on the host in onnxruntime {version}"

    def _accuracy(self, name: str, threads: int) -> None:
        kind, title = self._manifest.models[name].kind, f"accuracy {name}"
        self._progress(title, 0, 1)
        job = {**self._job(name, threads), "eval": EVAL}
        if kind in self._references:
            job["reference"] = REFERENCE.format(kind)

        def on_progress(event: Event) -> None:
            self._progress(title, event["done"], event["total"], f"{100 * event['correct'] / event['done']:.2f} %")

        try:
            (event,) = self._agent.step("accuracy", job, seconds=ACCURACY_SECONDS, on_progress=on_progress)
        except AgentFailedError as error:
            self._failed(name, "accuracy", error)
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
        self._progress(title, event["total"], event["total"], f"{percent:.2f} %")

    def _job(self, name: str, threads: int) -> Event:
        return {"file": name, "layout": self._manifest.models[name].input_layout, "threads": threads}

    def _failed(self, name: str, step: str, error: RuntimeFailedError) -> None:
        result = self._results[name]
        failures = [*result.failures, Failure(step=step, message=str(error))]
        self._results[name] = result.model_copy(update={"failures": failures})

    def _number(self, name: str) -> int:
        return list(self._results).index(name)


def _only(event: Event, record: type[Record]) -> dict[str, Any]:
    """The parts of an event that are fields of a record."""
    return {name: value for name, value in event.items() if name in record.model_fields}


def _ignore(event: Event) -> None:
    """These steps tell no progress."""
