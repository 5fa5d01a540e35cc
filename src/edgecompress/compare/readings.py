"""What a record says that can be compared: a reading for each file and metric."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from edgecompress.bench.records import BenchRecord, FileResult
from edgecompress.bench.statistics import P99_SAMPLES, Samples
from edgecompress.bundle import Manifest
from edgecompress.errors import InputError
from edgecompress.record import Published
from edgecompress.study.records import CellRecord

Unit = Literal["ns", "bytes", "percent", "ratio"]
QUANTILES = {"p50": 50, "p90": 90, "p95": 95, "p99": 99}
UNITS: dict[str, Unit] = {
    **dict.fromkeys(QUANTILES, "ns"),
    "over_dense": "ratio",
    "load": "ns",
    "peak": "bytes",
    "size": "bytes",
    "acc": "percent",
}
"""The metrics, in the order in which they are shown, and what they are counted in."""


@dataclass(frozen=True)
class Sampled:
    """What a value was computed from, to compute it again from resamples."""

    rounds: Samples  # (files, rounds), nanoseconds
    statistic: Callable[[Samples], float]


@dataclass(frozen=True)
class Reading:
    """One value of one file."""

    file: str
    kind: str  # of the file: dense, compressed...
    runtime: str
    metric: str
    value: float
    sampled: Sampled | None = None


def readings(record: Published) -> list[Reading]:
    """All readings of a record.

    Raises:
        InputError: its kind has none.
    """
    if type(record) not in READERS:
        raise InputError(
            f"a {record.kind} record has no figures that can be compared: give records of bench, build or study"
        )
    return READERS[type(record)](record)


def _of_bench(record: BenchRecord) -> list[Reading]:
    found = []
    for name, file in record.files.items():
        add = partial(Reading, name, file.kind, file.runtime)
        # An emulated machine's speed says nothing about any board.
        if record.taken == "measured":
            found += _times(add, file, record.files)
        if file.memory and file.memory.peak is not None:
            found.append(add("peak", float(file.memory.peak)))
        found.append(add("size", float(file.bytes)))
        if file.accuracy:
            found.append(add("acc", file.accuracy.percent))
    return found


def _times(add: Callable[..., Reading], file: FileResult, files: Mapping[str, FileResult]) -> list[Reading]:
    found = []
    if file.latency:
        times = np.asarray([file.latency.samples_ns], dtype=np.float64)
        for metric, percent in QUANTILES.items():
            if percent < 99 or times.shape[1] >= P99_SAMPLES:
                statistic = partial(_quantile, percent=percent)
                found.append(add(metric, statistic(times), Sampled(times, statistic)))
        for other in file.latency.together_with:
            dense = files[other]
            if dense.kind == "dense" and dense.latency and file.kind != "dense":
                both = np.asarray([file.latency.samples_ns, dense.latency.samples_ns], dtype=np.float64)
                found.append(add("over_dense", _over(both), Sampled(both, _over)))
    if file.memory:
        found.append(add("load", float(file.memory.load_ns)))
    return found


def _of_manifest(manifest: Manifest) -> list[Reading]:
    found = []
    for name, file in manifest.models.items():
        add = partial(Reading, name, file.kind, file.runtime)
        found.append(add("size", float(file.bytes)))
        if file.accuracy:
            found.append(add("acc", file.accuracy.percent))
        elif file.kind in ("dense", "compressed"):
            network = manifest.accuracy
            found.append(add("acc", network.dense if file.kind == "dense" else network.compressed))
    return found


def _of_cell(record: CellRecord) -> list[Reading]:
    if record.outcome is None:
        return []
    sizes, accuracy = record.outcome.sizes, record.outcome.accuracy
    found = []
    for suffix, runtime, dense, compressed in (
        ("onnx", "onnxruntime", sizes.dense_onnx, sizes.onnx),
        ("tflite", "litert", sizes.dense_tflite, sizes.tflite),
    ):
        for name, kind, size, count in (
            (f"dense.{suffix}", "dense", dense, accuracy.baseline),
            (f"model.{suffix}", "compressed", compressed, accuracy.clustered),
        ):
            found.append(Reading(name, kind, runtime, "size", float(size)))
            found.append(Reading(name, kind, runtime, "acc", count.percent))
    return found


def _quantile(rounds: Samples, *, percent: int) -> float:
    return float(np.percentile(rounds[0], percent))


def _over(rounds: Samples) -> float:
    file, dense = np.median(rounds, axis=1)
    return float(file / dense)


READERS: dict[type[Published], Callable[[Any], list[Reading]]] = {
    BenchRecord: _of_bench,
    Manifest: _of_manifest,
    CellRecord: _of_cell,
}
