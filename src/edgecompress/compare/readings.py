"""The comparable values of a record: a reading for each file and metric."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np

from edgecompress.bench.records import BenchRecord, FileResult
from edgecompress.bench.statistics import P99_SAMPLES
from edgecompress.compress.record import Better
from edgecompress.errors import InputError
from edgecompress.manifest import Manifest
from edgecompress.record import Published
from edgecompress.study.records import CellRecord
from edgecompress.timing.ratio import latency_ratio, ratio_draws
from edgecompress.timing.resampling import Floats, quantiles, resampled

Unit = Literal["ns", "bytes", "percent", "ratio", "own"]
QUANTILES = {"p50": 50, "p90": 90, "p95": 95, "p99": 99}
OVER_DENSE = "over_dense"
METRIC = "metric"
UNITS: dict[str, Unit] = {
    **dict.fromkeys(QUANTILES, "ns"),
    OVER_DENSE: "ratio",
    "load": "ns",
    "peak": "bytes",
    "arena": "bytes",
    "size": "bytes",
    "acc": "percent",
    METRIC: "own",
}
"""The metrics, in the order in which they are shown, and what they are counted in; ``own``: in their own units."""


@dataclass(frozen=True)
class Timed:
    """The times of one file, and what is computed from them; from resamples too."""

    samples: Sequence[int]  # of the file, nanoseconds
    dense: Sequence[int] = ()  # of the dense file in the same rounds; none: it was not timed in them
    processes: Sequence[int] = ()  # how many of the rounds each process took; none: all are of one

    @property
    def metrics(self) -> list[str]:
        """Those that there are enough times for."""
        quantiles = [name for name in QUANTILES if name != "p99" or len(self.samples) >= P99_SAMPLES]
        return quantiles + ([OVER_DENSE] if self.dense else [])

    def values(self) -> dict[str, float]:
        """All of the metrics."""
        names = [name for name in self.metrics if name in QUANTILES]
        found = np.percentile(np.asarray(self.samples, np.float64), [QUANTILES[name] for name in names])
        values = dict(zip(names, found.tolist(), strict=True))
        if self.dense:
            values[OVER_DENSE] = latency_ratio(self.samples, self.dense, processes=self.processes).ratio
        return values

    def draws(self, seed: int) -> dict[str, Floats]:
        """All of the metrics, of resamples."""
        names = [name for name in self.metrics if name in QUANTILES]
        statistics = quantiles(np.asarray(self.samples, np.float64), [QUANTILES[name] / 100 for name in names])
        found = resampled(statistics, self.processes or [len(self.samples)], seed=seed)
        draws = dict(zip(names, found, strict=True))
        if self.dense:
            draws[OVER_DENSE] = ratio_draws(self.samples, self.dense, processes=self.processes, seed=seed)
        return draws


@dataclass(frozen=True)
class OwnMetric:
    """A metric of the user's own. Values of the same name and as many samples can be compared.

    Attributes:
        name: of the function.
        samples: that it was taken of.
        better: its better direction; ``None``: not stated.
        source_sha256: of the file that the function is in; ``None``: not recorded.
    """

    name: str
    samples: int
    better: Better | None = field(compare=False)
    source_sha256: str | None = field(compare=False)

    def __str__(self) -> str:
        return f"{self.name} of {self.samples} samples"


@dataclass(frozen=True)
class Reading:
    """One value of one file."""

    file: str
    kind: str  # of the file: dense, compressed...
    runtime: str
    metric: str
    value: float
    timed: Timed | None = None
    own: OwnMetric | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """The parts that two readings of the same thing have in common."""
        return self.kind, self.runtime, self.metric, self.own


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
        if file.firmware:
            found.append(add("arena", float(file.firmware.arena_bytes)))
        found.append(add("size", float(file.bytes)))
        if file.accuracy:
            found.append(add("acc", file.accuracy.percent))
        if own := file.metric:
            what = OwnMetric(own.name, own.samples, own.better, own.source_sha256)
            found.append(add(METRIC, own.value, own=what))
    return found


def _times(add: Callable[..., Reading], file: FileResult, files: Mapping[str, FileResult]) -> list[Reading]:
    found = []
    if file.latency:
        samples = file.latency.samples_ns
        together = [files[other] for other in file.latency.together_with]
        dense = [other.latency.samples_ns for other in together if other.kind == "dense" and other.latency]
        paired = dense and file.kind != "dense" and len(dense[0]) == len(samples)
        timed = Timed(samples, dense[0] if paired else (), file.latency.processes)
        found += [add(name, value, timed) for name, value in timed.values().items()]
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
        if (own := manifest.judged) and file.kind in ("dense", "compressed"):
            value = own.dense if file.kind == "dense" else own.compressed
            sha256 = own.evaluation.source_sha256 if own.evaluation else None
            found.append(add(METRIC, value, own=OwnMetric(own.metric, own.samples, own.better, sha256)))
    return found


def _of_cell(record: CellRecord) -> list[Reading]:
    if record.outcome is None:
        return []
    accuracy = record.outcome.accuracy
    found = []
    for suffix, sizes in record.outcome.sizes.items():
        for name, kind, size, count in (
            (f"dense.{suffix}", "dense", sizes.dense, accuracy.baseline),
            (f"model.{suffix}", "compressed", sizes.compressed, accuracy.clustered),
        ):
            found.append(Reading(name, kind, sizes.runtime, "size", float(size)))
            found.append(Reading(name, kind, sizes.runtime, "acc", count.percent))
    return found


READERS: dict[type[Published], Callable[[Any], list[Reading]]] = {
    BenchRecord: _of_bench,
    Manifest: _of_manifest,
    CellRecord: _of_cell,
}
