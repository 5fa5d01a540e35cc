"""Layer by layer: zeros, distinct values, bits and bytes, and what is lost when one layer alone is changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgecompress.compress.record import TOP_1
from edgecompress.encode.ledger import TensorEntry
from edgecompress.report import cells, charts
from edgecompress.report.document import Chart, Column, Figure, Row, Section, Table
from edgecompress.report.found import FoundBundle, FoundRecords, RecordSource, how_taken
from edgecompress.report.numbers import unit_of
from edgecompress.report.pairs import headline, pairs
from edgecompress.search.records import SearchRecord
from edgecompress.study.records import CellRecord

_NAMES = {"title": None, "ticks": False, "domain": False, "labelLimit": 130}
Bars = Sequence[Mapping[str, Any]]


def layers(found: FoundRecords) -> Section | None:
    """A figure for each bundle, each study cell that is compared with the paper, and each search's scan."""
    figures = [each for i, bundle in enumerate(found.bundles) if (each := _bundle(f"layers-{i}", bundle))]
    # Of a whole grid, one cell for each pair that is compared with the paper.
    compared = {pair.records[0] for pair in headline(pairs(found))}
    figures += [_cell(f"layers-cell-{i}", *each) for i, each in enumerate(found.cells) if each[0].id in compared]
    figures += [_scan(f"sensitivity-{i}", *each) for i, each in enumerate(found.searches) if each[1].sensitivities]
    about = (
        "Only tensors with two or more axes are shown one by one: biases and normalisation are never pruned. "
        "Sensitivity is what the network loses when one layer alone is pruned or clustered, at once and untrained."
    )
    return Section("layers", "Layer by layer", about, tuple(figures)) if figures else None


def _bundle(key: str, bundle: FoundBundle) -> Figure | None:
    file = next((name for name, each in bundle.manifest.models.items() if each.kind == "compressed"), None)
    if file is None:
        return None
    entries = bundle.manifest.models[file].ledger.tensors
    columns = (
        Column("layer", words=True),
        Column("shape", words=True),
        Column("zeros", "%"),
        Column("distinct values"),
        Column("bits a weight"),
        Column("size", "bytes"),
        Column("entropy bound", "bytes"),
        Column("encoding", words=True),
    )
    rows: list[Row] = []
    bars: list[dict[str, Any]] = []
    for entry in entries:
        if len(entry.shape) < 2:
            continue
        row = _row(f"{key}-{len(rows)}", entry, bundle.source)
        rows.append(row)
        text = f"{entry.name}: {100 * entry.sparsity:.1f} % zeros, {entry.bits_per_weight:.2f} bits a weight"
        bars.append(_bar(row, entry.name, entry.sparsity, entry.bits_per_weight, text))
    rest = [entry for entry in entries if len(entry.shape) < 2]
    notes = (f"{len(rest)} more tensors (biases, normalisation): {sum(each.bytes for each in rest):,} bytes.",)
    caption = f"{file} of {bundle.label}, as its ledger counts it: all bits that the file spends on a weight."
    table = Table(columns, tuple(rows))
    return Figure(key, bundle.label, caption, table, _charts(bars, "bits a weight"), details=notes if rest else ())


def _row(key: str, entry: TensorEntry, source: RecordSource) -> Row:
    return Row(
        key=key,
        cells=(
            cells.words(entry.name),
            cells.words("x".join(map(str, entry.shape))),
            cells.part(entry.sparsity),
            cells.count(entry.distinct),
            cells.number(entry.bits_per_weight),
            cells.count(entry.bytes),
            cells.count(entry.entropy_bytes),
            cells.words(entry.encoding),
        ),
        taken="measured",
        records=(source.id,),
    )


def _cell(key: str, source: RecordSource, record: CellRecord) -> Figure:
    columns = (
        Column("layer", words=True),
        Column("weights"),
        Column("kept"),
        Column("zeros", "%"),
        Column("distinct nonzero values"),
        Column("index", "bits"),
    )
    rows: list[Row] = []
    bars: list[dict[str, Any]] = []
    for layer in record.outcome.layers if record.outcome else ():
        row = Row(
            key=f"{key}-{len(rows)}",
            cells=(
                cells.words(layer.name),
                cells.count(layer.weights),
                cells.count(layer.kept),
                cells.part(layer.sparsity),
                cells.count(layer.distinct),
                cells.count(layer.bits),
            ),
            taken=how_taken(record),
            records=(source.id,),
        )
        rows.append(row)
        text = f"{layer.name}: {100 * layer.sparsity:.1f} % zeros, {layer.distinct} nonzero values, {layer.bits} bits"
        bars.append(_bar(row, layer.name, layer.sparsity, layer.bits, text))
    name = record.cell.name
    caption = f"Study cell {name}: the weights of the compressed network; bits number the distinct nonzero values."
    return Figure(key, name, caption, Table(columns, tuple(rows)), _charts(bars, "index bits"))


def _bar(row: Row, name: str, sparsity: float, bits: float, text: str) -> dict[str, Any]:
    return {"layer": name, "zeros": 100 * sparsity, "bits": bits, "description": charts.description(row, text)}


def _charts(bars: Bars, bits: str) -> tuple[Chart, ...]:
    if not bars:
        return ()
    return (
        _panel(bars, "zeros", "zeros, %", [0, 100], charts.COLOURS[0]),
        _panel(bars, "bits", bits, None, charts.COLOURS[1]),
    )


def _panel(bars: Bars, field: str, title: str, domain: list[int] | None, colour: str) -> Chart:
    def draw(width: int) -> dict[str, Any]:
        return charts.chart(
            width,
            {"step": 20},
            bars,
            mark={"type": "bar", "height": 9, "color": colour},
            encoding={
                "y": {"field": "layer", "type": "nominal", "sort": None, "axis": _NAMES},
                "x": {
                    "field": field,
                    "type": "quantitative",
                    "title": title,
                    "scale": {"domain": domain} if domain else {},
                    "axis": {"tickCount": 5},
                },
                "description": {"field": "description"},
            },
        )

    return Chart(f"Bars of the layers' {title}", draw, half=True)


def _scan(key: str, source: RecordSource, record: SearchRecord) -> Figure:
    """A row a layer and change, a heat map of the loss."""
    classes = record.metric == TOP_1
    columns = (
        Column("layer", words=True),
        Column("weights"),
        Column("changed to", words=True),
        Column("validation accuracy", "%") if classes else Column(record.metric),
        Column("drop", unit_of(record.metric)),
        Column("rise of the loss", "nats" if classes else ""),
    )
    rows: list[Row] = []
    marks: list[dict[str, Any]] = []
    order = sorted({(each.change, each.value) for each in record.sensitivities}, key=_gentlest_first)
    for each in record.sensitivities:
        change = _change(each.change, each.value)
        drop = None if record.dense_accuracy is None else record.dense_accuracy - each.accuracy
        drop = -drop if drop is not None and record.better == "lower" else drop
        row = Row(
            key=f"{key}-{len(rows)}",
            cells=(
                cells.words(each.layer),
                cells.count(each.weights),
                cells.words(change),
                cells.of_metric(each.accuracy, record.metric),
                cells.of_metric(drop, record.metric),
                cells.number(each.loss_rise, 3),
            ),
            taken="measured",
            records=(source.id,),
        )
        rows.append(row)
        figure = f"{each.accuracy:.2f} %" if classes else f"{record.metric} {each.accuracy:.5g}"
        text = f"{each.layer} at {change}: {figure} of the scan's validation samples"
        marks.append(
            {
                "layer": each.layer,
                "change": change,
                "lost": max(0.0, drop or 0.0),
                "description": charts.description(row, text),
            }
        )
    title = f"{record.model}, {record.data}: sensitivity"
    judged = "Validation accuracy" if classes else record.metric
    caption = (
        f"{judged} of {record.model} on {record.data} with one layer alone changed, at once and untrained. The darker "
        "a field, the more is lost. The scan may look at fewer samples than the dense figure."
    )
    chart = _heat(marks, [_change(*each) for each in order])
    return Figure(key, title, caption, Table(columns, tuple(rows)), (chart,))


def _heat(marks: Bars, changes: Sequence[str]) -> Chart:
    def draw(width: int) -> dict[str, Any]:
        return charts.chart(
            width,
            {"step": 24},
            marks,
            mark={"type": "rect", "color": charts.COLOURS[1], "stroke": "var(--rule)"},
            encoding={
                "y": {"field": "layer", "type": "nominal", "sort": None, "axis": _NAMES},
                "x": {
                    "field": "change",
                    "type": "nominal",
                    "sort": list(changes),
                    "axis": {"title": None, "orient": "top", "labelAngle": -40, "ticks": False, "domain": False},
                },
                "fillOpacity": {
                    "field": "lost",
                    "type": "quantitative",
                    "scale": {"range": [0, 1], "zero": True},
                    "legend": None,
                },
                "description": {"field": "description"},
            },
        )

    return Chart("Heat map of the points lost, layers by changes", draw)


def _change(change: str, value: float) -> str:
    return f"{100 * value:g} % zeros" if change == "sparsity" else f"{value:g} bits"


def _gentlest_first(change: tuple[str, float]) -> tuple[bool, float]:
    kind, value = change
    return kind == "bits", -value if kind == "bits" else value
