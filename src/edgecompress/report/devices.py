"""Devices as documents: one bundle measured on several, and the registered ones."""

from collections.abc import Mapping

from edgecompress.bench.records import BenchRecord
from edgecompress.devices import Device
from edgecompress.report import cells
from edgecompress.report.document import Cell, Column, Document, Figure, of_figures, table
from edgecompress.report.numbers import mebibytes, milliseconds
from edgecompress.report.table import cautions, failures, judged_cells, judged_columns, judging, rows

WIDTH = 100


def by_device(records: Mapping[str, BenchRecord], failed: Mapping[str, str]) -> Document:
    """A row a device and file, the devices in the order given; then the warnings about each, and what failed."""
    judged = next((judged_columns(record, "")[0] for record in records.values()), "")
    own = any(judging(record) for record in records.values())
    columns = (
        Column("device", words=True),
        Column("file", words=True),
        Column("p50", "ms", key="p50_ns"),
        Column("p90", "ms", key="p90_ns"),
        Column("p50 / dense (95 % interval)", key="latency_ratio", short="p50/dense (95 %)"),
        Column("verdict", words=True),
        Column("load", "ms", key="load_ns"),
        Column("peak", "MiB", key="peak_bytes"),
        Column(judged, key="judged") if own else Column("accuracy", "%", key="accuracy_percent"),
    )
    lines = [
        (
            cells.words(name),
            cells.words(row.file),
            Cell(milliseconds(row.p50), row.p50),
            Cell(milliseconds(row.p90), row.p90),
            cells.interval(row.ratio),
            Cell(row.verdict, row.ratio.verdict if row.ratio else None),
            Cell(milliseconds(row.load), row.load),
            Cell(mebibytes(row.peak), row.peak),
            Cell(judged_cells(record, row)[0], row.accuracy if judging(record) is None else row.value),
        )
        for name, record in records.items()
        for row in rows(record)
    ]
    warnings = [
        f"{name}: {line}" for name, record in records.items() for line in (*failures(record), *cautions(record))
    ]
    return of_figures(
        "Devices side by side",
        [Figure("devices", "", "", table(columns, lines))],
        warnings=(*warnings, *(f"{name} failed: {line}" for name, line in failed.items())),
        rows_of=("devices",),
        width=WIDTH,
        titled=False,
    )


def registered(known: Mapping[str, Device]) -> Document:
    """A row a registered device."""
    columns = [Column(name, words=True) for name in ("name", "address", "target", "runtimes")]
    lines = [
        (
            cells.words(device.name),
            cells.words(device.address),
            cells.words(device.target),
            Cell(", ".join(device.runtimes) or "profile's", ", ".join(device.runtimes)),
        )
        for device in known.values()
    ]
    return of_figures("Devices", [Figure("devices", "", "", table(columns, lines))], rows_of=("devices",), titled=False)
