"""A metric of the user's own on a device, which runs the files: taken there, or here of what they put out.

The device runs the function where it is of NumPy alone and the user agreed to the source in the bundle. Else it runs
here, where it may need torch, so in a process of its own (``sources.judging``).
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress.agent.inputs import BROKEN_NPZ
from edgecompress.agent.metric_source import arranged
from edgecompress.bench.consent import MetricSource, metric_source
from edgecompress.bench.contract import ToMeasure
from edgecompress.bench.journal import Journal
from edgecompress.bench.outputs import (
    COMPARED,
    OUTPUT,
    SECONDS,
    Array,
    Floats,
    check_finite,
    difference,
    fetch,
    read,
    references,
)
from edgecompress.bench.records import MetricResult
from edgecompress.bundle import EVAL, METRIC
from edgecompress.deploy.on_device import AgentFailedError, AgentOnDevice, Event
from edgecompress.errors import InputError
from edgecompress.isolated.process import run_program
from edgecompress.manifest import End, Evaluation, Judged, Manifest
from edgecompress.progress import Progress

PROGRAM = "edgecompress.sources.judging"  # by its name: it is of a room that needs torch, which this one does not


@dataclass(frozen=True)
class ByMetric:
    """A metric, and the bundle that it is of.

    Attributes:
        judged: what the manifest says of it.
        evaluation: the way in which it is taken of files.
        folder: the bundle's.
        outputs: of the network, of one sample.
        source: what the device runs; ``None``: the host judges.
    """

    judged: Judged
    evaluation: Evaluation
    folder: Path
    outputs: Sequence[End]
    source: MetricSource | None = None


@dataclass
class Taken:
    """The metric of each file, with the spread of the reference's outputs; what failed of a file, and of all."""

    results: dict[str, tuple[MetricResult, float | None]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def by_metric(manifest: Manifest, folder: Path, allowed: str | None = None) -> ByMetric | None:
    """The metric of a bundle; ``None``: it has none that files can be judged by.

    Args:
        manifest: the bundle's.
        folder: the bundle's.
        allowed: the SHA-256 of the source that the device may run; ``None``: of none.

    Raises:
        InputError: no source of the bundle has that checksum.
    """
    source = None if allowed is None else metric_source(manifest, folder)
    if source is not None and source.sha256 != allowed:
        raise InputError(f"{source.path} is not the source that was agreed to; look at it, and run the command again")
    judged = manifest.judged
    if judged is None or judged.evaluation is None or not manifest.model.outputs:
        return None
    return ByMetric(judged, judged.evaluation, folder, manifest.model.outputs, source)


def take(
    by: ByMetric,
    agent: AgentOnDevice | Journal,
    models: Mapping[str, ToMeasure],
    jobs: Mapping[str, Event],
    limit: int | None,
    progress: Progress,
) -> Taken:
    """Run each file on the evaluation data on the device, and judge its outputs there or here.

    Args:
        by: the metric.
        agent: on the device, where the files and the data are already.
        models: the files by name.
        jobs: what a step is given of each.
        limit: samples to take, from the first; ``None``: all.
        progress: called with every file.

    Raises:
        InputError: the evaluation data cannot be read.
        DeviceLostError: the device is gone.
    """
    taken, values = Taken(), dict[str, float]()
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        place = Path(folder)
        reason = _judge(by, {}, 0, place)[1] if by.source is None else ""  # before a board works for hours
        if reason:
            taken.notes.append(f"{by.judged.metric} was not taken: {reason}")
            return taken
        inputs, count = _inputs(by, limit)
        known = references(by.folder, models, inputs, by.outputs)
        if by.source is not None:
            _push(by.source, agent, place)
        parts: dict[str, list[str]] = {}
        compared: dict[str, tuple[float, float] | None] = {}
        for name, job in jobs.items():
            asked, layout, kind = {**job, "inputs": EVAL}, models[name].input_layout, models[name].kind
            try:
                if by.source is not None:
                    values[name], first = _there(by, by.source, agent, name, asked, count, place, progress)
                else:
                    progress(f"outputs {name}", 0, count)
                    parts[name], first = fetch(agent, name, asked, layout, by.outputs, count, place, progress)
            except AgentFailedError as error:
                taken.failures[name] = str(error)
                continue
            compared[name] = difference(first, known[kind][0]) if kind in known else None
        if by.source is None:
            progress("metric", 0, 1, by.judged.metric)
            found, reason = _judge(by, parts, count, place)
            values = found.get("values", {})
            taken.failures |= found.get("errors", {})
    if reason:
        taken.notes.append(f"{by.judged.metric} was not taken: {reason}")
    for name, value in values.items():
        off, spread = compared[name] or (None, None)
        reference = known.get(models[name].kind)
        taken.results[name] = _result(by, value, count, off, reference[1] if reference else None), spread
        progress("metric", 1, 1, f"{by.judged.metric} of {name}: {value:.5g}")
    return taken


def _result(by: ByMetric, value: float, count: int, off: float | None, reference: str | None) -> MetricResult:
    return MetricResult(
        name=by.judged.metric,
        better=by.judged.better,
        value=value,
        samples=count,
        computed="host" if by.source is None else "device",
        source_sha256=by.source.sha256 if by.source else by.evaluation.source_sha256,
        largest_difference=off,
        reference=reference or "none: the host could not run the ONNX file",
    )


def _push(source: MetricSource, agent: AgentOnDevice | Journal, place: Path) -> None:
    """Push the source that was agreed to, and not what its file holds by now."""
    path = place / METRIC
    path.write_bytes(source.content)
    agent.push(path)


def _there(
    by: ByMetric,
    source: MetricSource,
    agent: AgentOnDevice | Journal,
    name: str,
    job: Event,
    count: int,
    place: Path,
    progress: Progress,
) -> tuple[float, list[Floats]]:
    """The metric of one file as the device takes it, and the first rows of the outputs.

    Raises:
        AgentFailedError: the file or the function does not run there, or gives what cannot be.
    """
    title = f"metric {name}"
    progress(title, 0, count)
    asked = {
        **job,
        "source": METRIC,
        "function": source.function,
        "targets": by.evaluation.targets,
        "arrangement": arranged(by.evaluation.layout, [end.name for end in by.outputs]),
        "output": OUTPUT,
        "compared": COMPARED,
        "limit": count,
    }
    raw = place / OUTPUT
    (event,) = agent.fetch(
        "metric", asked, raw, seconds=SECONDS, on_progress=lambda event: progress(title, event["done"], count)
    )
    if event["samples"] != count:
        raise AgentFailedError(f"{name} was judged by {event['samples']} samples, and not by {count}")
    first = read(raw, min(count, COMPARED), by.outputs, "channels_first")
    check_finite(first, name)
    progress(title, count, count)
    return event["value"], first


def _judge(
    by: ByMetric, parts: Mapping[str, Sequence[str]], count: int, place: Path
) -> tuple[dict[str, dict[str, Any]], str]:
    """The values and errors by file, and why there are none of either; without files, whether the function is there."""
    job, result = place / "job.json", place / "result.json"
    given = {
        "spec": by.evaluation.spec,
        "source_sha256": by.evaluation.source_sha256,
        "bundle": str(by.folder.resolve()),
        "data": str((by.folder / EVAL).resolve()),
        "targets": by.evaluation.targets,
        "layout": by.evaluation.layout,
        "count": count,
        "files": {name: list(each) for name, each in parts.items()},
        "result": str(result),
    }
    job.write_text(json.dumps(given), encoding="utf-8")
    code, reason = run_program(PROGRAM, [str(job)], seconds=SECONDS)
    return ({}, reason) if code else (json.loads(result.read_text(encoding="utf-8")), "")


def _inputs(by: ByMetric, limit: int | None) -> tuple[dict[str, Array], int]:
    """The first inputs by name, to make references with, and how many samples there are to run."""
    targets = by.evaluation.targets
    try:
        with np.load(by.folder / EVAL, allow_pickle=False) as archive:
            count = len(archive[targets][:limit])
            first = {name: archive[name][: min(count, COMPARED)] for name in archive.files if name != targets}
    except BROKEN_NPZ as error:
        raise InputError(f"cannot read {by.folder / EVAL}: {error}; build the bundle anew") from error
    return first, count
