"""A comparison of two records as a document."""

from edgecompress.compare.records import ComparedMetric, CompareRecord, JudgedLimit
from edgecompress.report import cells
from edgecompress.report.document import Cell, Column, Document, Figure, of_figures, table

_OWN = "of the metric"
_SCALES = {
    "ns": ((1e9, "s"), (1e6, "ms"), (1e3, "us")),
    "bytes": ((1e6, "MB"), (1e3, "kB"), (1.0, "B")),
    "percent": ((1.0, "%"),),
    "points": ((1.0, "points"),),
    "ratio": ((1.0, ""),),
    "own": ((1.0, _OWN),),
}
# Each row has its own unit: it is in the texts, and a column for programs.
_COLUMNS = (
    Column("file", words=True),
    Column("metric", words=True),
    Column("unit", words=True, shown=False),
    Column("A", key="a"),
    Column("B", key="b"),
    Column("B - A", key="difference"),
    Column("B / A (95 %)", key="ratio"),
    Column("ratio_low", shown=False),
    Column("ratio_high", shown=False),
    Column("", words=True, key="verdict"),
)


def compare(record: CompareRecord) -> Document:
    """The two records, the table, the notes and what became of each limit."""
    above = []
    for letter, side in (("A", record.a), ("B", record.b)):
        known = ", ".join(each for each in (side.model, side.data, side.device, side.created) if each)
        above.append(f"{letter}: {side.name} ({side.kind}: {known})")
    above += [f"differs, and was allowed to: {name}: {why}" for name, why in record.allowed.items()]
    lines, last = [], ""
    for row in record.rows:
        file = Cell(row.file if row.file != last else "", row.file)
        lines.append((file, cells.words(row.metric), *_cells(row), cells.words(row.verdict)))
        last = row.file
    return of_figures(
        f"{record.a.name} and {record.b.name}",
        [Figure("metrics", "", "", table(_COLUMNS, lines))],
        above=tuple(above),
        warnings=tuple(record.notes),
        conclusion=tuple(map(_outcome, record.limits)),
        rows_of=("metrics",),
        titled=False,
    )


def _outcome(limit: JudgedLimit) -> str:
    value = _number(limit.value, *_scale(limit.unit, limit.value))
    return f"{'BROKEN' if limit.broken else 'kept'}: {limit.limit}: {limit.file} {value} ({limit.why})"


def _cells(row: ComparedMetric) -> tuple[Cell, ...]:
    scale, unit = _scale(row.unit, max(abs(row.a), abs(row.b)))
    ratio = "" if row.ratio is None or row.unit in ("percent", "own") else f"{row.ratio:.3f}"
    interval = row.change.ratio if row.change else None
    if interval:
        ratio += f" ({interval.low:.3f} to {interval.high:.3f})"
    difference = _number(row.difference, scale, "points" if row.unit == "percent" else unit, "+")
    return (
        cells.raw(row.unit),
        Cell(_number(row.a, scale, unit), row.a),
        Cell(_number(row.b, scale, unit), row.b),
        Cell(difference, row.difference),
        Cell(ratio, row.ratio),
        cells.raw(interval.low if interval else None),
        cells.raw(interval.high if interval else None),
    )


def _scale(unit: str, largest: float) -> tuple[float, str]:
    """The divisor for values of that size, and the unit after the division."""
    return next((each for each in _SCALES[unit] if abs(largest) >= each[0]), _SCALES[unit][-1])


def _number(value: float, scale: float, unit: str, sign: str = "") -> str:
    if unit == _OWN:
        return f"{value:{sign}.5g}"  # of any size, and in units that only the user knows
    digits = 2 if unit in ("%", "points") else 0 if unit == "B" else 3
    return f"{value / scale:{sign},.{digits}f} {unit}".rstrip()
