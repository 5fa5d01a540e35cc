"""A benchmark as a table: a row a file, with plain numbers. The writers only lay it out."""

from dataclasses import dataclass

from edgecompress.bench.protocol import Protocol
from edgecompress.bench.records import BenchRecord, FileResult, MetricResult
from edgecompress.bench.statistics import Ratio
from edgecompress.estimate.records import Lead
from edgecompress.manifest import NO_DATA, Manifest
from edgecompress.report import firmware, paper
from edgecompress.report.numbers import of_metric, percent, significant


@dataclass(frozen=True)
class FileRow:
    """One file. Times are in ns, sizes in bytes, accuracies in percent; ``None``: not measured, or no dense file.

    An emulated machine's times are no device's: they are ``None`` too, and are in the record alone.
    """

    file: str
    runtime: str
    kind: str
    bytes: int
    smaller: float | None  # bytes of the dense file of this runtime / bytes of this one
    runs: int | None
    p50: float | None
    p90: float | None
    p99: float | None
    ratio: Ratio | None  # of latency, to the dense file
    instructions: int | None  # of one inference, on an emulated processor
    instructions_ratio: float | None  # to the dense file
    verdict: str  # of that ratio, or why there is none
    load: int | None
    peak: int | None  # of a whole process
    arena: int | None  # tensor arena of a microcontroller, used
    over_import: int | None  # the peak over what Python, NumPy and the runtime take
    accuracy: float | None
    samples: int | None
    drop: float | None  # points of accuracy below the dense file
    difference: float | None
    metric: str | None  # of the user's own, by its name
    value: float | None  # of that
    worse: float | None  # by so much than the dense file's; where its direction is not known, the difference
    energy: float | None  # mJ of an inference, with the idle power subtracted
    failures: tuple[str, ...]


def rows(record: BenchRecord) -> list[FileRow]:
    """A row a file, runtime by runtime, the dense file first."""
    ratios = {comparison.compressed: comparison.latency for comparison in record.comparisons}
    dense = {file.runtime: file for file in record.files.values() if file.kind == "dense"}
    order = sorted(record.files, key=lambda name: (record.files[name].runtime, record.files[name].kind != "dense"))
    timed = record.taken != "emulated"
    found = []
    for name in order:
        file = record.files[name]
        base = dense.get(file.runtime) if file.kind != "dense" else None
        both = file.accuracy and base and base.accuracy
        memory = file.memory
        latency, ratio = (file.latency, ratios.get(name)) if timed else (None, None)
        ran = file.latency or file.instructions or file.accuracy or file.metric
        compared = "in doubt" if in_doubt(record) else ratio.verdict if ratio else ""
        verdict = compared if ratio else "failed" if not ran else "-" if timed else "emulated"
        counted, reference = file.instructions, base.instructions if base else None
        found.append(
            FileRow(
                file=name,
                runtime=file.runtime_version or file.runtime,
                kind=file.kind,
                bytes=file.bytes,
                smaller=base.bytes / file.bytes if base else None,
                runs=latency.runs if latency else None,
                p50=latency.summary.p50 if latency else None,
                p90=latency.summary.p90 if latency else None,
                p99=latency.summary.p99 if latency else None,
                ratio=ratio,
                instructions=counted.per_inference if counted else None,
                instructions_ratio=counted.per_inference / reference.per_inference if counted and reference else None,
                verdict=verdict,
                load=memory.load_ns if memory and timed else None,
                peak=memory.peak if memory else None,
                arena=file.firmware.arena_bytes if file.firmware else None,
                over_import=memory.over_import.after_first_run.peak if memory else None,
                accuracy=file.accuracy.percent if file.accuracy else None,
                samples=file.accuracy.samples if file.accuracy else None,
                drop=base.accuracy.percent - file.accuracy.percent if both else None,  # type: ignore[union-attr]
                difference=judged.largest_difference if (judged := file.accuracy or file.metric) else None,
                metric=file.metric.name if file.metric else None,
                value=file.metric.value if file.metric else None,
                worse=_worse(file, base),
                energy=file.energy.millijoules if file.energy and timed else None,
                failures=tuple(f"{failure.step}: {failure.message}" for failure in file.failures),
            )
        )
    return found


def _worse(file: FileResult, base: FileResult | None) -> float | None:
    own, dense = file.metric, base.metric if base else None
    if own is None or dense is None:
        return None
    drop = own.drop(dense)
    return own.value - dense.value if drop is None else drop


def judging(record: BenchRecord) -> MetricResult | None:
    """The metric that stands in place of accuracy and drop, as one file has it; ``None``: they are of accuracy."""
    if any(file.accuracy for file in record.files.values()):
        return None
    return next((file.metric for file in record.files.values() if file.metric), None)


def judged_columns(record: BenchRecord, points: str) -> tuple[str, str]:
    """The headings of how good a file is, and of how much worse than the dense one."""
    metric = judging(record)
    return (
        ("accuracy %", f"drop{points}") if metric is None else (metric.name, "worse by" if metric.better else "change")
    )


def judged_cells(record: BenchRecord, row: FileRow) -> tuple[str, str]:
    """The cells under these."""
    if judging(record) is None:
        return percent(row.accuracy), percent(row.drop)
    metric = row.metric or ""
    return of_metric(row.value, metric), of_metric(row.worse, metric)


def title(record: BenchRecord) -> str:
    """The model, data and target that were measured, in one line."""
    data = "without data" if record.bundle.data == NO_DATA else f"on {record.bundle.data}"
    return f"{record.bundle.model} {data}, for {record.bundle.target}: {record.taken}"


def conditions(record: BenchRecord) -> list[str]:
    """The device and the conditions of the measurement, a sentence a line."""
    if on_microcontroller(record):
        return firmware.conditions(record)
    machine, protocol = record.before, record.protocol
    cores = "" if machine.cores is None else f", {machine.cores} cores"
    settled = "until settled" if protocol.warmup is None else f"{protocol.warmup} runs"
    runtimes = sorted({row.runtime for row in rows(record)})
    samples = sorted({row.samples for row in rows(record) if row.samples is not None})
    lines = [
        f"Device: {record.device.address}, {machine.board or machine.cpu or 'unknown processor'}, {machine.machine}"
        f"{cores}, {machine.system} {machine.kernel}, Python {machine.python}.",
        f"Runtimes: {', '.join(runtimes)}.",
        f"Threads: {record.threads} ({record.threads_note}). Batch 1.",
    ]
    accuracy = _judged(record) or (
        f"Accuracy: {' or '.join(map(str, samples))} samples of {record.bundle.data}, run on the device; pt is "
        "percentage points."
        if samples
        else "Accuracy: not measured."
    )
    if counted(record):
        return [*lines, accuracy]
    return [
        *lines,
        f"Latency: mode {protocol.mode}: warm-up {settled}, then at least {protocol.min_runs} runs and "
        f"{protocol.min_seconds:g} s, at most {protocol.max_seconds:g} s; files of a runtime take turns in "
        f"{_processes(protocol)}.",
        accuracy,
        "Load and memory: one fresh process a file, file cache warm. Peak is the whole process with Python, NumPy and "
        "the runtime; added is the peak over what these take.",
    ]


def _judged(record: BenchRecord) -> str:
    """The sentence on the metric that stands in place of accuracy; empty: there is none."""
    metric = judging(record)
    if metric is None:
        return ""
    better = f"; {metric.better} is better" if metric.better else ""
    return (
        f"{metric.name}: of the outputs that the device gave for {metric.samples} samples of {record.bundle.data}, "
        f"judged by your function on the {metric.computed}{better}."
    )


def counted(record: BenchRecord) -> bool:
    """Return whether the record is of a processor that was emulated to count: no time and no memory is in it."""
    return record.device.address.startswith("emulated:")


def on_microcontroller(record: BenchRecord) -> bool:
    """Return whether the record is of a microcontroller: its firmware answered, and there was no agent."""
    return any(file.firmware for file in record.files.values())


def _processes(protocol: Protocol) -> str:
    return "a process" if protocol.processes == 1 else f"each of {protocol.processes} processes"


def cautions(record: BenchRecord) -> list[str]:
    """Cautions for a reader before using a figure, a sentence a line."""
    found = []
    if not record.device.is_target:
        found.append(f"Not the board: {record.device.note}.")
    if record.taken != "measured":
        found.append(f"These figures are {record.taken}, not measured on a device.")
    if not record.bundle.data_official:
        found.append(f"The data are not checked against published files: {record.bundle.data_note}.")
    found += [f"Concern: {concern}." for concern in record.validity.concerns]
    if record.validity.unknown:
        found.append(f"Not visible here: {'; '.join(record.validity.unknown)}.")
    return found


def leading(record: BenchRecord, manifest: Manifest) -> list[str]:
    """The file that leads on the board by the build, and what this benchmark makes of that, a sentence a line."""
    lead = manifest.lead
    if lead is None:
        return []
    lines = [f"Leads on {manifest.target.title}, as build says: {lead.file}: {lead.why}."]
    first = fastest(record, manifest)
    if first is None:
        return lines
    if first == lead.file:
        return [*lines, "Measured here, it is the fastest of those within the limit on accuracy."]
    able = _able(record, lead)
    times = able[lead.file] / able[first] if lead.file in able else None
    beside = "" if times is None else f", {lead.file} takes {times:.2f} times as long"
    return [*lines, f"Measured here, {first} is the fastest of those within the limit on accuracy{beside}."]


def fastest(record: BenchRecord, manifest: Manifest) -> str | None:
    """The file that is fastest on the bundle's board, within the limit on accuracy; ``None``: not measured there."""
    lead = manifest.lead
    if lead is None or record.taken != "measured" or not record.device.is_target:
        return None
    latency = record.files[lead.file].latency if lead.file in record.files else None
    if latency is None or in_doubt(record):
        return None
    able = _able(record, lead)
    return min(able, key=able.__getitem__, default=lead.file)


def in_doubt(record: BenchRecord) -> bool:
    """Return whether the conditions of the run were such that it says nothing of which file is faster."""
    return bool(record.validity.disturbed)


def _able(record: BenchRecord, lead: Lead) -> dict[str, float]:
    """The median times of the files that could lead."""
    timed = {name: file.latency.summary.p50 for name, file in record.files.items() if file.latency}
    return {name: p50 for name, p50 in timed.items() if within(lead, name)}


def within(lead: Lead, name: str) -> bool:
    """Return whether a file could lead."""
    each = lead.candidates.get(name)
    return each is not None and not each.left_out and (each.drop or 0.0) <= lead.limit


def failures(record: BenchRecord) -> list[str]:
    """The failures, a line each."""
    return [f"{row.file}: {failure}" for row in rows(record) for failure in row.failures]


def against_paper(record: BenchRecord, manifest: Manifest) -> tuple[list[tuple[str, str, str]], str] | None:
    """Rows of (quantity, here, paper), and a note to them; ``None``: it is not of the paper's."""
    published = paper.published(manifest.data.name)
    if published is None or manifest.model.name not in paper.NETWORKS:
        return None
    first = manifest.target.runtimes[0]
    of_first = (row for row in rows(record) if record.files[row.file].runtime == first)
    measured = next((row for row in of_first if row.kind == "compressed"), None)
    drop = measured.drop if measured else None
    here = "-" if drop is None or measured is None else f"{percent(drop)} points ({measured.file})"
    ratio = f"{significant(manifest.ratios.weights)}x"
    table = [("weights / weights kept", ratio, f"{published.ratio:.0f}x"), ("accuracy drop", here, published.drop)]
    note = (
        f"The paper's figures are averages over its networks on {published.kind} ({paper.CITATION}); how it counts "
        "compression is not public."
    )
    return table, note
