"""Advice as a document: a row for each change and runtime, what pays first."""

from edgecompress.advise.advice import Advice, Line
from edgecompress.advise.records import NetworkIdentity
from edgecompress.bench.statistics import Ratio
from edgecompress.report import cells
from edgecompress.report.document import Cell, Column, Document, Figure, Table, of_figures, table
from edgecompress.report.numbers import milliseconds
from edgecompress.store.document import SHORT

_TITLES = {
    "pruned": "pruned and clustered",
    "pairs": "zeros in pairs of channels",
    "half": "half of the channels",
    "int8": "int8",
    "float16": "float16 weights",
    "float16-arithmetic": "float16 arithmetic",
}


def advice(found: Advice) -> Document:
    """A table for each kind of effect, then how a recipe asks for each change."""
    where = found.target if found.on_target else f"{found.place}, NOT on {found.target}"
    above = [
        f"{_network(found.network)}: {found.taken} on {where}, {found.created}; "
        f"threads: {found.threads}, mode: {found.mode}"
    ]
    for runtime, median in sorted(found.runtimes.items(), key=lambda each: each[1]):
        above.append(f"  as it is, in {runtime}: {milliseconds(median)} ms (median)")
    for runtime, executed in sorted(found.executed.items(), key=lambda each: each[1]):
        above.append(f"  as it is, in {runtime}: {executed:,} instructions (counted on an emulated {found.processor})")
    kinds = {
        "faster": ("Makes it faster:", [line for line in found.lines if _verdict(line) == "faster"]),
        "same": (
            "Leaves the latency as it is:",
            [line for line in found.lines if _verdict(line) == "no difference seen"],
        ),
        "slower": ("Makes it slower:", [line for line in found.lines if _verdict(line) == "slower"]),
        "executes": (
            f"Executes, estimated from counted instructions on an emulated {found.processor} (no latency):",
            [line for line in found.lines if line.latency is None and line.instructions is not None],
        ),
        "size": (
            "Size alone is known:",
            [line for line in found.lines if line.latency is None and line.instructions is None],
        ),
    }
    figures = [Figure(key, title, "", _table(key, lines)) for key, (title, lines) in kinds.items() if lines]
    numbers = dict.fromkeys((found.record, found.counted or found.record))
    ids = ", ".join(each[:SHORT] for each in numbers)
    return of_figures(
        f"Advice on {found.network.name} for {found.target}",
        [*figures, *([_how(found.lines)] if found.lines else [])],
        above=tuple(above),
        first=tuple(f"not measured: {name}: {why}" for name, why in found.left_out.items()),
        warnings=tuple(found.warnings),
        details=(f"Accuracy is not in this: nothing was trained. record: {ids}",),
        rows_of=tuple(figure.key for figure in figures),
        titled=False,
    )


def _table(key: str, lines: list[Line]) -> Table:
    """A row a change and runtime, what pays first. All such tables have the same columns; some are not shown."""
    timed = any(line.latency for line in lines)
    counted = any(line.instructions is not None for line in lines)
    columns = (
        Column("effect", words=True, shown=False),
        Column("change", words=True),
        Column("runtime", words=True),
        Column("file", words=True, shown=False),
        Column("file", "bytes", key="bytes"),
        Column("smaller", key="times_smaller"),
        Column("latency (95 %)", key="latency_ratio", shown=timed),
        Column("latency_ratio_low", shown=False),
        Column("latency_ratio_high", shown=False),
        Column("instructions, estimated", key="instructions_ratio", shown=counted),
        Column("peak memory", key="peak_ratio", shown=any(line.peak is not None for line in lines)),
    )
    rows = [
        (
            cells.raw(_verdict(line)),
            cells.words(_TITLES[line.change]),
            cells.words(line.runtime),
            cells.words(line.file),
            cells.count(line.bytes),
            cells.times(line.smaller),
            _factor(line.latency),
            cells.raw(line.latency.low if line.latency else None),
            cells.raw(line.latency.high if line.latency else None),
            _factor(line.instructions),
            _factor(line.peak),
        )
        for line in sorted(lines, key=_order)
    ]
    return table(columns, rows, key)


def _how(lines: list[Line]) -> Figure:
    each = {line.change: line for line in reversed(lines)}
    columns = [Column(name, words=True) for name in ("change", "what it is", "in a recipe")]
    rows = [
        [cells.words(text) for text in (_TITLES[change], each[change].what, each[change].how)]
        for change in dict.fromkeys(line.change for line in lines)
    ]
    return Figure("how", "How a recipe asks for it:", "", table(columns, rows, "how"))


def _factor(value: Ratio | float | None) -> Cell:
    """A ratio to the network as it is, as "0.26x", with its interval where it has one."""
    if isinstance(value, Ratio):
        return Cell(f"{value.ratio:.2f}x ({value.low:.2f} to {value.high:.2f})", value.ratio)
    return Cell(cells.NONE if value is None else f"{value:.2f}x", value)


def _verdict(line: Line) -> str | None:
    return line.latency.verdict if line.latency else None


def _order(line: Line) -> float:
    if line.latency:
        return line.latency.ratio
    return 1 / line.smaller if line.instructions is None else line.instructions


def _network(network: NetworkIdentity) -> str:
    shape = "x".join(map(str, network.input_shape))
    if network.width is None:
        return f"{network.name} ({shape})"
    return f"{network.name} (width {network.width:g}, {shape}, {network.classes} classes, random weights)"
