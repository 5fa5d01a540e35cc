"""Tables that only some benchmarks have: the slowest operators of each file, energy, and who runs which nodes."""

from dataclasses import dataclass

from edgecompress.bench.records import BenchRecord
from edgecompress.report.numbers import of_metric, significant
from edgecompress.report.table import judging
from edgecompress.report.table import rows as table_rows

TOP = 5


@dataclass(frozen=True)
class Extra:
    """A table, and what must be said with it, a sentence a line. Nothing of an emulated machine's speed is in one."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    notes: list[str]


def extras(record: BenchRecord) -> list[Extra]:
    """The extra tables that the record has something for."""
    every = (_metric(record), _instructions(record), _placement(record), _operators(record), _energy(record))
    return [extra for extra in every if extra.rows or extra.notes]


def _metric(record: BenchRecord) -> Extra:
    """A metric of the user's own beside accuracy; where there is no accuracy, it stands in the first table."""
    every = [row for row in table_rows(record) if row.metric] if judging(record) is None else []
    name = every[0].metric or "" if every else ""
    rows: list[tuple[str, ...]] = [(row.file, of_metric(row.value, name), of_metric(row.worse, name)) for row in every]
    return Extra(("file", name, "beside dense"), rows, [])


def _instructions(record: BenchRecord) -> Extra:
    """The instructions of an inference on an emulated processor."""
    rows: list[tuple[str, ...]] = []
    emulators: dict[str, None] = {}
    for row in table_rows(record):
        counted = record.files[row.file].instructions
        if counted is not None:
            emulators[f"{counted.processor} by {counted.emulator}"] = None
            ratio = "-" if row.instructions_ratio is None else f"{row.instructions_ratio:.3f}"
            rows.append((row.file, f"{counted.per_inference:,}", ratio, f"{100 * counted.spread:.3f}"))
    notes = [
        f"Instructions: executed by one inference on one thread, counted by emulating {', '.join(emulators)}; a vector "
        "instruction counts as one. They are no time: how fast a processor is with them, only a board tells."
    ]
    return Extra(("file", "instructions", "/ dense", "spread %"), rows, notes if rows else [])


def _placement(record: BenchRecord) -> Extra:
    """Nodes by provider or delegate, where one was asked for."""
    rows: list[tuple[str, ...]] = []
    for name, file in record.files.items():
        placement = file.latency.placement if file.latency else None
        if placement and record.accelerator.of(file.runtime):
            rows.append((name, ", ".join(f"{who} {count}" for who, count in placement.items())))
    return Extra(("file", "nodes"), rows, [])


def _operators(record: BenchRecord) -> Extra:
    """The slowest operators of each file, as its runtime's own profiler saw them."""
    rows: list[tuple[str, ...]] = []
    notes, profiled = [], []
    for name, file in record.files.items():
        profile = file.profile
        if profile is None or record.taken == "emulated":
            continue
        if profile.note:
            notes.append(f"Operators of {name}: {profile.note}.")
            continue
        profiled.append(f"{name} {significant(profile.run_p50_us or 0)} us")
        for node in profile.nodes[:TOP]:
            rows.append(
                (
                    name,
                    node.name,
                    node.op_type,
                    node.provider.removesuffix("ExecutionProvider"),
                    str(node.calls),
                    significant(node.p50_us),
                    f"{100 * node.share:.1f}",
                )
            )
    if profiled:
        notes.insert(
            0,
            f"Operators: the {TOP} of each file that took most, by onnxruntime's own profiler in a process of its own; "
            f"share is of all time of these runs. A whole run there, median: {', '.join(profiled)}.",
        )
    return Extra(("file", "node", "operator", "on", "calls", "p50 us", "share %"), rows, notes)


def _energy(record: BenchRecord) -> Extra:
    """Energy of an inference."""
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    sensors: dict[str, None] = {}
    for name, file in record.files.items():
        energy = file.energy
        if energy is None or record.taken == "emulated":
            continue
        sensors[f"{energy.sensor} ({', '.join(energy.rails)})"] = None
        if energy.millijoules is None or energy.millijoules_with_idle is None:
            notes.append(f"Energy of {name}: {energy.note}.")
            continue
        rows.append(
            (
                name,
                significant(energy.millijoules),
                significant(energy.millijoules_with_idle),
                significant(energy.watts),
                significant(energy.idle_watts),
            )
        )
    if rows:
        notes.insert(
            0,
            f"Energy: of one inference, from {', '.join(sensors)}; mJ is without the power that the same process drew "
            "while it waited, before and after.",
        )
    return Extra(("file", "mJ", "mJ with idle", "W", "idle W"), rows, notes)
