"""The comparable values of a record: a reading for each file and metric."""

from collections.abc import Callable, Mapping, Sequence
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
class Timed:
    """The times of one file, and what is computed from them; from resamples too."""

    metrics: tuple[str, ...]
    rounds: Samples  # (1, rounds) of the file in nanoseconds; (2, rounds) with those of the dense file
    processes: Sequence[int] = ()  # how many of the rounds each process took; none: all are of one

    def values(self, metrics: Sequence[str], rounds: Samples) -> Samples:
        """Some of the metrics, of such an array or of resamples of one: (metrics,) or (metrics, resamples)."""
        names = [name for name in metrics if name in QUANTILES]
        quantiles = np.percentile(rounds[0], [QUANTILES[name] for name in names], axis=-1)
        found = dict(zip(names, quantiles, strict=True))
        if "over_dense" in metrics:
            file, dense = np.median(rounds, axis=-1)
            found["over_dense"] = file / dense
        return np.asarray([found[name] for name in metrics], dtype=np.float64)


@dataclass(frozen=True)
class Reading:
    """One value of one file."""

    file: str
    kind: str  # of the file: dense, compressed...
    runtime: str
    metric: str
    value: float
    timed: Timed | None = None


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
        rows = [file.latency.samples_ns]
        metrics = [name for name in QUANTILES if name != "p99" or len(rows[0]) >= P99_SAMPLES]
        together = [files[other] for other in file.latency.together_with]
        dense = [other.latency.samples_ns for other in together if other.kind == "dense" and other.latency]
        if dense and file.kind != "dense" and len(dense[0]) == len(rows[0]):
            rows.append(dense[0])
            metrics.append("over_dense")
        timed = Timed(tuple(metrics), np.asarray(rows, dtype=np.float64), tuple(file.latency.processes))
        values = timed.values(metrics, timed.rounds)
        found += [add(name, value, timed) for name, value in zip(metrics, values, strict=True)]
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
        elif (network := manifest.accuracy) and file.kind in ("dense", "compressed"):
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


READERS: dict[type[Published], Callable[[Any], list[Reading]]] = {
    BenchRecord: _of_bench,
    Manifest: _of_manifest,
    CellRecord: _of_cell,
}
