"""Tables that only some benchmarks have: the slowest operators of each file, energy, and who runs which nodes."""

from dataclasses import dataclass, field

from edgecompress.bench.records import BenchRecord
from edgecompress.report import cells
from edgecompress.report.document import Cell, Column
from edgecompress.report.numbers import significant
from edgecompress.report.table import judging
from edgecompress.report.table import rows as table_rows

TOP = 5
FILE = Column("file", words=True)


@dataclass(frozen=True)
class Extra:
    """A table and the notes to it, a sentence a line. Nothing of an emulated machine's speed is in one."""

    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]
    notes: list[str] = field(default_factory=list)


def extras(record: BenchRecord) -> list[Extra]:
    """The extra tables that the record has something for."""
    every = (_metric(record), _instructions(record), _placement(record), _operators(record), _energy(record))
    return [extra for extra in every if extra.rows or extra.notes]


def _metric(record: BenchRecord) -> Extra:
    """A metric of the user's own beside accuracy; where there is no accuracy, it stands in the first table."""
    every = [row for row in table_rows(record) if row.metric] if judging(record) is None else []
    name = every[0].metric or "" if every else ""
    rows: list[tuple[Cell, ...]] = [
        (cells.words(row.file), cells.of_metric(row.value, name), cells.of_metric(row.worse, name)) for row in every
    ]
    return Extra((FILE, Column(name), Column("beside dense")), rows)


def _instructions(record: BenchRecord) -> Extra:
    """The instructions of an inference on an emulated processor."""
    columns = (FILE, Column("instructions"), Column("/ dense"), Column("spread", "%"))
    rows: list[tuple[Cell, ...]] = []
    emulators: dict[str, None] = {}
    for row in table_rows(record):
        counted = record.files[row.file].instructions
        if counted is not None:
            emulators[f"{counted.processor} by {counted.emulator}"] = None
            ratio = cells.number(row.instructions_ratio, 3)
            rows.append(
                (
                    cells.words(row.file),
                    cells.count(counted.per_inference),
                    ratio,
                    cells.number(100 * counted.spread, 3),
                )
            )
    notes = [
        f"Instructions: executed by one inference on one thread, counted by emulating {', '.join(emulators)}; a vector "
        "instruction counts as one. They are no time: how fast a processor is with them, only a board shows."
    ]
    return Extra(columns, rows, notes if rows else [])


def _placement(record: BenchRecord) -> Extra:
    """Nodes by provider or delegate, where one was asked for."""
    rows: list[tuple[Cell, ...]] = []
    for name, file in record.files.items():
        placement = file.latency.placement if file.latency else None
        if placement and record.accelerator.of(file.runtime):
            nodes = ", ".join(f"{who} {count}" for who, count in placement.items())
            rows.append((cells.words(name), cells.words(nodes)))
    return Extra((FILE, Column("nodes", words=True)), rows)


def _operators(record: BenchRecord) -> Extra:
    """The slowest operators of each file, by its runtime's own profiler or each alone."""
    columns = (
        FILE,
        *(Column(name, words=True) for name in ("node", "operator", "on")),
        Column("calls"),
        Column("p50", "us"),
        Column("share", "%"),
    )
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    profiled: list[str] = []
    alone: list[str] = []
    for name, file in record.files.items():
        profile = file.profile
        if profile is None or record.taken == "emulated":
            continue
        if profile.note:
            notes.append(f"Operators of {name}: {profile.note}.")
            continue
        run = f"{name} {significant(profile.run_p50_us or 0)} us"
        if profile.method == "profiler":
            profiled.append(run)
        else:
            alone.append(f"{run} (its operators alone: {profile.together or 0:.2f} times that)")
        for node in profile.nodes[:TOP]:
            rows.append(
                (
                    cells.words(name),
                    cells.words(node.name),
                    cells.words(node.op_type),
                    cells.words(node.provider.removesuffix("ExecutionProvider")),
                    cells.count(node.calls),
                    _significant(node.p50_us),
                    cells.part(node.share),
                )
            )
    told = []
    if profiled:
        told.append(
            f"Operators: the {TOP} of each file that took most, by onnxruntime's own profiler in a process of its own; "
            f"share is of all time of these runs. A whole run there, median: {', '.join(profiled)}."
        )
    if alone:
        told.append(
            f"Operators of TFLite files: the {TOP} that took most, each run alone after each run of the whole, as "
            "LiteRT for Python has no profiler; share is of their sum. Alone each has the cost of a call, and what the "
            f"runtime makes one of several is apart. A whole run there, median: {', '.join(alone)}."
        )
    return Extra(columns, rows, told + notes)


def _energy(record: BenchRecord) -> Extra:
    """Energy of an inference."""
    columns = (
        FILE,
        Column("energy", "mJ"),
        Column("energy with idle", "mJ"),
        Column("power", "W"),
        Column("idle power", "W"),
    )
    rows: list[tuple[Cell, ...]] = []
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
        figures = (energy.millijoules, energy.millijoules_with_idle, energy.watts, energy.idle_watts)
        rows.append((cells.words(name), *map(_significant, figures)))
    if rows:
        notes.insert(
            0,
            f"Energy: of one inference, from {', '.join(sensors)}; the first is without the power that the same "
            "process drew while it waited, before and after.",
        )
    return Extra(columns, rows, notes)


def _significant(value: float) -> Cell:
    return Cell(significant(value), value)
