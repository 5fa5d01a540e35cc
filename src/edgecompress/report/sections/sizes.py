"""The bytes of each file by part: the ledger, as bars beside the entropy bound of the weights."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgecompress.formats import find
from edgecompress.report import cells, charts
from edgecompress.report.document import Cell, Chart, Column, Figure, Row, Section, Table
from edgecompress.report.found import FoundRecords, how_taken
from edgecompress.report.pairs import headline, pairs
from edgecompress.study.records import Sizes

PARTS = ("weights, up to their entropy bound", "weights, above it", "graph, names, header")


def sizes(found: FoundRecords) -> Section | None:
    """A bar and a line for each file of each bundle, and for the files of each study cell."""
    figures = [each for each in (_bundles(found), _cells(found)) if each]
    about = (
        "Everything in a file counts: indices, codebooks, biases, normalisation, the operators that decode, and the "
        "graph. The bound is the order-0 entropy of the weights with their codebooks."
    )
    return Section("sizes", "Size ledger", about, tuple(figures)) if figures else None


def _bundles(found: FoundRecords) -> Figure | None:
    columns = (
        Column("file", words=True),
        Column("kind", words=True),
        Column("size", "bytes"),
        Column("smaller"),
        Column("weights", "bytes", "of these"),
        Column("graph", "bytes", "of these"),
        Column("entropy bound", "bytes", "weights at best"),
        Column("file / bound", group="weights at best"),
        Column("container", "bytes"),
        Column("after load", "MiB", "memory, build machine"),
        Column("peak", "MiB", "memory, build machine"),
    )
    compared = {record for pair in headline(pairs(found)) for record in pair.records}
    rows: list[Row] = []
    bars: list[dict[str, Any]] = []
    for bundle in found.bundles:
        dense = {file.runtime: file.bytes for file in bundle.manifest.models.values() if file.kind == "dense"}
        for name, file in bundle.manifest.models.items():
            ledger, packed = file.ledger, bundle.manifest.files.get(f"{name}.ecz")
            smaller = dense[file.runtime] / file.bytes if file.kind != "dense" and file.runtime in dense else None
            label = f"{bundle.label}: {name}"
            graph, bound = ledger.graph_bytes, ledger.entropy_bytes  # sums over all tensors
            row = Row(
                key=f"sizes-{len(rows)}",
                cells=(
                    cells.words(label),
                    cells.words(file.kind),
                    cells.count(file.bytes),
                    cells.times(smaller),
                    cells.count(file.bytes - graph),
                    cells.count(graph),
                    cells.count(bound),
                    cells.number(file.bytes / bound if bound else None),
                    cells.count(packed.bytes if packed else None),
                    cells.memory(file.memory.after_load),
                    cells.memory(file.memory.peak),
                ),
                taken="measured",
                records=(bundle.source.id,),
            )
            rows.append(row)
            if smaller is not None:
                bar = _bar(row, label, smaller * file.bytes, (file.bytes - graph, bound, graph))
                bars.append({"leads": bundle.source.id in compared, "parts": bar})
    if not rows:
        return None
    caption = (
        "Each file as a share of the dense file of its runtime, dense = 100 %. Memory is of a process that loads the "
        "file and runs it once, on the machine that built it, Python and the runtime included."
    )
    return Figure("sizes-bundles", "Bundles", caption, Table(columns, tuple(rows)), _chart(bars))


def _cells(found: FoundRecords) -> Figure | None:
    formats = find.of_profiles()
    columns = (Column("cell", words=True), *(column for each in formats for column in _columns(each.title)))
    # A whole grid has hundreds of cells: the table has them all, the bars those that stand beside the paper's figures.
    shown = {record for pair in headline(pairs(found)) for record in pair.records}
    rows: list[Row] = []
    bars: list[dict[str, Any]] = []
    for source, record in found.cells:
        if not record.outcome:
            continue
        sizes = record.outcome.sizes
        row = Row(
            key=f"cell-sizes-{len(rows)}",
            cells=(
                cells.words(record.cell.name),
                *(cell for each in formats for cell in _of_format(sizes.get(each.name))),
            ),
            taken=how_taken(record),
            records=(source.id,),
        )
        rows.append(row)
        if source.id in shown:
            size = sizes["onnx"]
            bar = _bar(row, record.cell.name, size.dense, (size.compressed, size.entropy_bound or 0, 0))
            bars.append({"leads": True, "parts": bar})
    if not rows:
        return None
    caption = (
        "The ONNX file of each cell as a share of its dense file, dense = 100 %. What is above the entropy bound of "
        "the weights is the graph and what the code costs. Bars: the cells that are compared with the paper."
    )
    return Figure("sizes-cells", "Study cells", caption, Table(columns, tuple(rows)), _chart(bars))


def _columns(title: str) -> tuple[Column, ...]:
    """The columns of a format, in the order of ``_of_format``."""
    return (
        Column("dense", "bytes", title),
        Column("size", "bytes", title),
        Column("smaller", group=title),
        Column("entropy bound", "bytes", title),
        Column("file / bound", group=title),
        Column("container", "bytes", title),
    )


def _of_format(sizes: Sizes | None) -> tuple[Cell, ...]:
    if sizes is None:
        return (cells.count(None),) * len(_columns(""))
    bound = sizes.entropy_bound
    return (
        cells.count(sizes.dense),
        cells.count(sizes.compressed),
        cells.times(sizes.ratio),
        cells.count(bound),
        cells.number(sizes.compressed / bound if bound else None),
        cells.count(sizes.container),
    )


def _bar(row: Row, label: str, dense: float, sizes: tuple[int, int, int]) -> list[dict[str, Any]]:
    """The parts of one file's bar. Weights can be below their bound, which is of order 0: then all of them are."""
    stored, bound, graph = sizes
    return [
        {
            "file": label,
            "part": part,
            "place": i,
            "percent": 100 * size / dense,
            "description": charts.description(
                row, f"{label}: {part} {size:,} bytes, {100 * size / dense:.2f} % of the dense file"
            ),
        }
        for i, (part, size) in enumerate(zip(PARTS, (min(stored, bound), max(0, stored - bound), graph), strict=True))
        if size
    ]


def _chart(bars: Sequence[Mapping[str, Any]]) -> tuple[Chart, ...]:
    """A bar a file, in parts; of many files, those that are compared with the paper first."""
    few = charts.few(bars, charts.MOST_NAMES, lambda bar: bool(bar["leads"]))
    shown = [part for bar in few for part in bar["parts"]]
    count = "" if len(few) == len(bars) else f"; {len(few)} of {len(bars):,} files"
    encoding = {
        "y": {"field": "file", "type": "nominal", "sort": None, "axis": None},
        "x": {"field": "percent", "type": "quantitative", "title": "% of the dense file"},
        "color": {
            "field": "part",
            "type": "nominal",
            "scale": {"domain": list(PARTS), "range": [*charts.COLOURS[:2], "var(--ink-faint)"]},
        },
        "order": {"field": "place"},
        "description": {"field": "description"},
    }

    def draw(width: int) -> dict[str, Any]:
        layers = [{"mark": {"type": "bar", "height": 12, "yOffset": 6}, "encoding": encoding}, charts.above("file")]
        return charts.chart(width, {"step": 36}, shown, layer=layers)

    return (Chart(f"Bars of the compressed files' sizes, by part{count}", draw),) if shown else ()
