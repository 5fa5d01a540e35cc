"""A metric of the user's own on a device: the device runs the files, and the host judges what they put out.

The function is the user's and may need torch, so that it runs in a process of its own (``sources.judging``).
"""

import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgecompress.agent.inputs import BROKEN_NPZ
from edgecompress.bench.contract import ToMeasure
from edgecompress.bench.journal import Journal
from edgecompress.bench.records import MetricResult
from edgecompress.deploy.on_device import AgentFailedError, AgentOnDevice, Event
from edgecompress.errors import EdgecompressError, InputError
from edgecompress.formats.contract import Layout
from edgecompress.isolated import outputs as isolated
from edgecompress.isolated.process import run_program
from edgecompress.manifest import End, Judged, Manifest
from edgecompress.progress import Progress

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

PROGRAM = "edgecompress.sources.judging"  # by its name: it is of a room that needs torch, which this one does not
EVAL, OUTPUT = "eval.npz", "outputs.npz"
COMPARED = 256
"""Samples whose outputs are held against the host's reference."""
PART = 64 << 20
"""Bytes of outputs that a device writes at once."""
SECONDS = 6 * 3600


@dataclass(frozen=True)
class ByMetric:
    """A metric, and the bundle that it is of.

    Attributes:
        judged: what the manifest says of it.
        folder: the bundle's.
        outputs: of the network, of one sample.
    """

    judged: Judged
    folder: Path
    outputs: Sequence[End]


@dataclass
class Taken:
    """The metric of each file, with the spread of the reference's outputs; what failed of a file, and of all."""

    results: dict[str, tuple[MetricResult, float | None]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def by_metric(manifest: Manifest, folder: Path) -> ByMetric | None:
    """The metric of a bundle; ``None``: it has none that files can be judged by."""
    judged = manifest.judged
    if judged is None or judged.evaluation is None or not manifest.model.outputs:
        return None
    return ByMetric(judged, folder, manifest.model.outputs)


def take(
    by: ByMetric,
    agent: AgentOnDevice | Journal,
    models: Mapping[str, ToMeasure],
    jobs: Mapping[str, Event],
    limit: int | None,
    progress: Progress,
) -> Taken:
    """Run each file on the evaluation data on the device, and judge its outputs here.

    Args:
        by: the metric.
        agent: on the device, where the files and the data are already.
        models: the files by name.
        jobs: what a step is told of each.
        limit: samples to take, from the first; ``None``: all.
        progress: is told of every file.

    Raises:
        InputError: the evaluation data cannot be read.
        DeviceLostError: the device is gone.
    """
    taken = Taken()
    evaluation = by.judged.evaluation
    assert evaluation is not None
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        place = Path(folder)
        _, reason = _judge(by, {}, 0, place)  # before a board works for hours
        if reason:
            taken.notes.append(f"{by.judged.metric} was not taken: {reason}")
            return taken
        inputs, count = _inputs(by, evaluation.targets, limit)
        references = _references(by, models, inputs)
        parts: dict[str, list[str]] = {}
        compared: dict[str, tuple[float, float] | None] = {}
        for name, job in jobs.items():
            layout = models[name].input_layout
            progress(f"outputs {name}", 0, count)
            try:
                parts[name], first = _outputs(by, agent, name, job, layout, count, place, progress)
            except AgentFailedError as error:
                taken.failures[name] = str(error)
                continue
            known = references.get(models[name].kind)
            compared[name] = None if known is None else difference(first, known[0])
        progress("metric", 0, 1, by.judged.metric)
        found, reason = _judge(by, parts, count, place)
    if reason:
        taken.notes.append(f"{by.judged.metric} was not taken: {reason}")
    taken.failures |= found.get("errors", {})
    for name, value in found.get("values", {}).items():
        off, spread = compared[name] or (None, None)
        known = references.get(models[name].kind)
        result = MetricResult(
            name=by.judged.metric,
            better=by.judged.better,
            value=value,
            samples=count,
            computed="host",
            largest_difference=off,
            reference=known[1] if known else "none: the host could not run the ONNX file",
        )
        taken.results[name] = result, spread
        progress("metric", 1, 1, f"{by.judged.metric} of {name}: {value:.5g}")
    return taken


def _judge(
    by: ByMetric, parts: Mapping[str, Sequence[str]], count: int, place: Path
) -> tuple[dict[str, dict[str, Any]], str]:
    """The values and errors by file, and why there are none of either; without files, whether the function is there."""
    evaluation = by.judged.evaluation
    assert evaluation is not None
    job, result = place / "job.json", place / "result.json"
    given = {
        "spec": evaluation.spec,
        "source_sha256": evaluation.source_sha256,
        "bundle": str(by.folder.resolve()),
        "data": str((by.folder / EVAL).resolve()),
        "targets": evaluation.targets,
        "layout": evaluation.layout,
        "count": count,
        "files": {name: list(each) for name, each in parts.items()},
        "result": str(result),
    }
    job.write_text(json.dumps(given), encoding="utf-8")
    code, reason = run_program(PROGRAM, [str(job)], seconds=SECONDS)
    return ({}, reason) if code else (json.loads(result.read_text(encoding="utf-8")), "")


def _inputs(by: ByMetric, targets: str, limit: int | None) -> tuple[dict[str, Array], int]:
    """The first inputs by name, to make references with, and how many samples there are to run."""
    try:
        with np.load(by.folder / EVAL, allow_pickle=False) as archive:
            count = len(archive[targets][:limit])
            first = {name: archive[name][: min(count, COMPARED)] for name in archive.files if name != targets}
    except BROKEN_NPZ as error:
        raise InputError(f"cannot read {by.folder / EVAL}: {error}; build the bundle anew") from error
    return first, count


def _references(
    by: ByMetric, models: Mapping[str, ToMeasure], inputs: Mapping[str, Array]
) -> dict[str, tuple[list[Floats], str]]:
    """The outputs of the ONNX file of each kind here, and what they are: see ``Measurement``."""
    found: dict[str, tuple[list[Floats], str]] = {}
    for name, file in models.items():
        if file.runtime != "onnxruntime":
            continue
        try:
            ran = isolated.run(by.folder / name, inputs, layout=file.input_layout, batch=1)
        except EdgecompressError:
            continue  # the file's own rows tell of it
        arrays = list(ran.arrays.values()) if len(by.outputs) == 1 else [ran.arrays[end.name] for end in by.outputs]
        count = len(next(iter(inputs.values())))
        what = f"{name}, first {count} samples, on the host in onnxruntime {ran.version}"
        found[file.kind] = [each.astype(np.float32) for each in arrays], what
    return found


def _outputs(
    by: ByMetric,
    agent: AgentOnDevice | Journal,
    name: str,
    job: Event,
    layout: Layout,
    count: int,
    place: Path,
    progress: Progress,
) -> tuple[list[str], list[Floats]]:
    """The outputs of one file, in npz files of so many rows as a device holds with ease; and the first rows of them.

    Raises:
        AgentFailedError: the file does not run there, or gives what cannot be judged.
    """
    rows = max(1, PART // (4 * sum(prod(end.shape) for end in by.outputs)))
    paths, first = [], [np.zeros((0, *end.shape), np.float32) for end in by.outputs]
    for start in range(0, count, rows):
        size = min(rows, count - start)

        def on_progress(event: Event, start: int = start) -> None:
            progress(f"outputs {name}", min(start + event["done"], count), count)

        asked = {**job, "inputs": EVAL, "output": OUTPUT, "outputs": "all", "start": start, "limit": size}
        raw = place / OUTPUT
        agent.fetch("outputs", asked, raw, seconds=SECONDS, on_progress=on_progress)
        arrays = read(raw, size, by.outputs, layout)
        if not all(np.isfinite(each).all() for each in arrays):
            raise AgentFailedError(f"{name} gives outputs that are not finite, among samples from {start} on")
        missing = COMPARED - len(first[0])
        if missing > 0:
            first = [np.concatenate([a, b[:missing]]) for a, b in zip(first, arrays, strict=True)]
        paths.append(str(place / f"{name}-{start}.npz"))
        np.savez(paths[-1], *arrays)
        raw.unlink()
    progress(f"outputs {name}", count, count)
    return paths, first


def read(path: Path, rows: int, outputs: Sequence[End], layout: Layout) -> list[Floats]:
    """The outputs in an npz file of an agent, channels first, in the network's order.

    A board is not trusted: nothing is taken that has another shape than it must have, or another size than that takes.

    Raises:
        AgentFailedError: the file is not what it must be; one line says why.
    """
    found = []
    try:
        with zipfile.ZipFile(path) as archive:
            for end in outputs:
                # A file of one output may call it otherwise.
                name = f"{end.name}.npy" if len(outputs) > 1 else archive.namelist()[0]
                with archive.open(name) as stream:
                    found.append(_array(stream, (rows, *_in_file(end.shape, layout)), end.name))
    except BROKEN_NPZ as error:
        raise AgentFailedError(f"its outputs cannot be taken: {error}") from error
    return [isolated.channels_first(each, layout).astype(np.float32) for each in found]


def _in_file(shape: Sequence[int], layout: Layout) -> list[int]:
    """The shape of one sample of an output in a file of that layout."""
    last = layout == "channels_last" and len(shape) > 1
    return [*shape[1:], shape[0]] if last else list(shape)


def _array(stream: Any, shape: tuple[int, ...], name: str) -> Array:
    version = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    given, by_columns, dtype = header(stream)
    if given != shape or by_columns or dtype.kind not in "fiub":
        raise ValueError(f"'{name}' is {dtype} of shape {list(given)}, and must be numbers of shape {list(shape)}")
    size = prod(shape) * dtype.itemsize
    content = stream.read(size)
    if len(content) != size:
        raise ValueError(f"'{name}' is cut short")
    return np.frombuffer(content, dtype).reshape(shape)


def difference(said: Sequence[Floats], known: Sequence[Floats]) -> tuple[float, float]:
    """The largest difference of the output that differs most for its spread, and that spread."""
    found = []
    for each, other in zip(said, known, strict=True):
        off = float(np.abs(each[: len(other)] - other).max(initial=0.0))
        spread = float(np.ptp(other)) if other.size else 0.0
        found.append((off / spread if spread else off and float("inf"), off, spread))
    _, off, spread = max(found)
    return off, spread
