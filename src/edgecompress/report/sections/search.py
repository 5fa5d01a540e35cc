"""The trials of a search: bytes against the drop in accuracy, the front, and what was chosen of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgecompress.compress.record import drop_in_words
from edgecompress.report import cells, charts
from edgecompress.report.document import Chart, Column, Figure, Row, Section, Table
from edgecompress.report.found import FoundRecords, RecordSource
from edgecompress.report.numbers import unit_of
from edgecompress.search.records import SearchRecord, Setting

TRIED, FRONT, FULL, CHOSEN = "trial, few steps", "on the trials' front", "all stages", "all stages, chosen"


def search(found: FoundRecords) -> Section | None:
    """A figure for each search."""
    figures = [_figure(f"search-{i}", *each) for i, each in enumerate(found.searches)]
    about = (
        "Trials train few steps; what is best among them runs through the recipe's full stages. Drops are of the "
        "validation split: the test set is never seen by a search."
    )
    return Section("search", "Searches", about, tuple(figures)) if figures else None


def _figure(key: str, source: RecordSource, record: SearchRecord) -> Figure:
    columns = (
        Column("what", words=True),
        Column("zeros by layer", "%", words=True),
        Column("bits by layer", words=True),
        Column("size", "bytes"),
        Column("drop", unit_of(record.metric)),
        Column("state", words=True),
    )
    layers = {trial.number: trial.layers for trial in record.trials}
    found = [
        (
            f"trial {trial.number}",
            trial.layers,
            trial.bytes,
            trial.drop,
            FRONT if trial.number in record.front else TRIED,
            trial.stopped or (FRONT if trial.number in record.front else TRIED),
        )
        for trial in record.trials
    ]
    for i, each in enumerate(record.candidates):
        name = "the recipe as given" if each.trial is None else f"trial {each.trial}, all stages"
        kind = CHOSEN if i == record.chosen else FULL
        state = "chosen" if i == record.chosen else "holds" if each.holds else "does not hold"
        chosen = {} if each.trial is None else layers.get(each.trial, {})
        found.append((name, chosen, each.bytes, each.drop, kind, state))
    rows: list[Row] = []
    marks: list[dict[str, Any]] = []
    for name, settings, size, drop, kind, state in found:
        row = Row(
            key=f"{key}-{len(rows)}",
            cells=(
                cells.words(name),
                cells.words(_each(settings, "sparsity")),
                cells.words(_each(settings, "bits")),
                cells.count(size),
                cells.of_metric(drop, record.metric),
                cells.words(state),
            ),
            taken="measured",
            records=(source.id,),
            stands_out=kind == CHOSEN,
        )
        rows.append(row)
        if drop is not None:
            text = f"{name}: {size:,} bytes, {drop_in_words(drop, record.metric)} lost, {state}"
            marks.append({"kind": kind, "bytes": size, "drop": drop, "description": charts.description(row, text)})
    budget = "" if record.size_budget is None else f" and at most {record.size_budget:,} bytes"
    unit = unit_of(record.metric)
    caption = (
        f"{record.model} on {record.data}: asked for a drop of at most {record.max_drop:g} {unit}{budget}. "
        "Bytes are of the ONNX file that would be written, counted exactly."
    )
    title = f"{record.model}, {record.data}"
    shown = charts.few(marks, charts.MOST_MARKS, lambda mark: mark["kind"] != TRIED)
    drawn = (_chart(shown, record.max_drop, unit),) if shown else ()
    return Figure(key, title, caption, Table(columns, tuple(rows)), drawn)


def _each(settings: Mapping[str, Setting], what: str) -> str:
    values = [getattr(each, what) for each in settings.values()]
    return " ".join(f"{100 * each:.0f}" if what == "sparsity" else str(each) for each in values if each is not None)


def _chart(marks: Sequence[Mapping[str, Any]], limit: float, unit: str) -> Chart:
    kinds = [TRIED, FRONT, FULL, CHOSEN]

    def draw(width: int) -> dict[str, Any]:
        across = {
            "field": "bytes",
            "type": "quantitative",
            "title": "ONNX file, bytes (log)",
            "scale": {"type": "log", "nice": False, "padding": 14},
            "axis": {"format": "~s", "grid": False},
        }
        up = {"field": "drop", "type": "quantitative", "title": f"{unit} lost"}
        points = {
            "mark": {"type": "point", "size": 70, "filled": True},
            "encoding": {
                "x": across,
                "y": up,
                "color": {
                    "field": "kind",
                    "type": "nominal",
                    "scale": {"domain": kinds, "range": ["var(--ink-faint)", *charts.COLOURS[:3]]},
                    "legend": {},
                },
                "shape": {
                    "field": "kind",
                    "type": "nominal",
                    "scale": {"domain": kinds, "range": ["circle", "circle", "square", "diamond"]},
                },
                "description": {"field": "description"},
            },
        }
        line = {
            "data": {"values": [{"drop": limit}]},
            "mark": {"type": "rule", "strokeDash": [4, 4], "aria": False},
            "encoding": {"y": up},
        }
        return charts.chart(width, 280, marks, layer=[line, points])

    lost = "Points" if unit == "points" else unit
    return Chart(f"{lost} lost against bytes; the dashed line is what was asked for", draw)
