"""A comparison of two records as text."""

from rich.table import Table

from edgecompress.compare.records import CompareRecord, Row
from edgecompress.report.console import console

_SCALES = {
    "ns": ((1e9, "s"), (1e6, "ms"), (1e3, "us")),
    "bytes": ((1e6, "MB"), (1e3, "kB"), (1.0, "B")),
    "percent": ((1.0, "%"),),
    "points": ((1.0, "points"),),
    "ratio": ((1.0, ""),),
}


def compare(record: CompareRecord) -> None:
    """Print the table, the notes and what became of each limit."""
    out = console()
    for letter, side in (("A", record.a), ("B", record.b)):
        known = ", ".join(each for each in (side.model, side.data, side.device, side.created) if each)
        out.print(f"{letter}: {side.name} ({side.kind}: {known})", markup=False)
    for name, why in record.allowed.items():
        out.print(f"differs, and was allowed to: {name}: {why}", markup=False)
    table = Table("file", "metric", "A", "B", "B - A", "B / A (95 %)", "", box=None, pad_edge=False)
    last = ""
    for row in record.rows:
        table.add_row(row.file if row.file != last else "", row.metric, *_cells(row), row.verdict)
        last = row.file
    out.print(table)
    for note in record.notes:
        out.print(f"note: {note}", markup=False)
    for limit in record.limits:
        state = "BROKEN" if limit.broken else "kept"
        value = _number(limit.value, *_scale(limit.unit, limit.value))
        out.print(f"{state}: {limit.limit}: {limit.file} {value} ({limit.why})", markup=False)


def _cells(row: Row) -> tuple[str, str, str, str]:
    scale, unit = _scale(row.unit, max(abs(row.a), abs(row.b)))
    ratio = "" if row.ratio is None or row.unit == "percent" else f"{row.ratio:.3f}"
    if row.change:
        ratio += f" ({row.change.ratio.low:.3f} to {row.change.ratio.high:.3f})"
    difference = _number(row.difference, scale, "points" if row.unit == "percent" else unit, "+")
    return _number(row.a, scale, unit), _number(row.b, scale, unit), difference, ratio


def _scale(unit: str, largest: float) -> tuple[float, str]:
    """The divisor for values of that size, and the unit after the division."""
    return next((each for each in _SCALES[unit] if abs(largest) >= each[0]), _SCALES[unit][-1])


def _number(value: float, scale: float, unit: str, sign: str = "") -> str:
    digits = 2 if unit in ("%", "points") else 0 if unit == "B" else 3
    return f"{value / scale:{sign},.{digits}f} {unit}".rstrip()
