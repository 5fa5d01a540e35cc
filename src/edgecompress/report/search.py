"""A search as a document: the sensitivity of each layer, the front with what was chosen of it, and its networks."""

from collections.abc import Sequence

from edgecompress.compress.record import TOP_1
from edgecompress.report import cells
from edgecompress.report.document import Cell, Column, Document, Figure, of_figures, table
from edgecompress.report.doubts import of_search
from edgecompress.report.numbers import of_metric, unit_of
from edgecompress.search.objectives import FrontRecord, SearchPoint
from edgecompress.search.records import Candidate, SearchRecord, Trial


def search(records: Sequence[SearchRecord], found: FrontRecord | None = None) -> Document:
    """The scan and the front of each, and the networks that no other one beats in bytes, drop and latency."""
    figures = [make(record, place) for place, record in enumerate(records) for make in (_scan, _front)]
    return of_figures(
        f"Search of {records[0].model}, {records[0].data}" if records else "Search",
        [*figures, *([_networks(found)] if found else [])],
        warnings=tuple(dict.fromkeys(line for record in records for line in of_search(record))),
        titled=False,
    )


def _networks(record: FrontRecord) -> Figure:
    """A row for each network."""
    measured = list(dict.fromkeys((each.device, each.runtime) for point in record.points for each in point.boards))
    columns = (
        Column("bytes"),
        Column("drop", unit_of(record.metric), short="drop"),
        Column("arithmetic", "%"),
        Column("latency, here"),
        *(Column(f"{device}, {runtime}", "ms") for device, runtime in measured),
        Column("recipe", words=True),
        Column("", words=True, key="verdict"),
    )

    def boards(point: SearchPoint) -> list[Cell]:
        found = {(each.device, each.runtime): each.p50_ns for each in point.boards}
        return [cells.time(found.get(each)) for each in measured]

    lines = [
        (
            cells.count(point.bytes),
            cells.of_metric(point.drop, record.metric),
            Cell(f"{100 * point.macs:.0f}", 100 * point.macs),
            Cell(f"{point.latency:.2f}x", point.latency),
            *boards(point),
            cells.words(point.recipe),
            cells.words(_verdict(place == record.chosen, point.holds)),
        )
        for place, point in enumerate(record.points)
    ]
    title = "after all stages: no other is better in bytes, drop and latency"
    return Figure("networks", title, "", table(columns, lines, "networks"))


def _scan(record: SearchRecord, place: int) -> Figure:
    """A row a layer: accuracy with that layer alone changed, at once and untrained."""
    found = {(each.layer, each.change, each.value): each for each in record.sensitivities}
    layers = {each.layer: each.weights for each in record.sensitivities}
    sparsities = sorted({each.value for each in record.sensitivities if each.change == "sparsity"})
    bits = sorted({each.value for each in record.sensitivities if each.change == "bits"}, reverse=True)
    names = [*(f"{100 * each:g} % zeros" for each in sparsities), *(f"{each:g} bits" for each in bits)]
    own = record.metric != TOP_1
    unit = record.metric if own else "%"
    columns = (Column("layer", words=True), Column("weights"), *(Column(name, unit, short=name) for name in names))
    lines = []
    for layer, weights in layers.items():
        places = [(layer, "sparsity", each) for each in sparsities] + [(layer, "bits", each) for each in bits]
        known = [found[place].accuracy if place in found else None for place in places]
        lines.append((cells.words(layer), cells.count(weights), *(_worth(each, record.metric) for each in known)))
    of = f"{record.metric} ({record.better} is better)" if own else "%"
    dense = f"Dense: {of_metric(record.dense_accuracy, record.metric)} {of} of the validation split."
    judged = f"{record.metric} of validation samples" if own else "validation accuracy in %"
    title = f"{judged}, one layer changed, untrained"
    return Figure(f"scan-{place}", title, dense, table(columns, lines, f"scan-{place}"))


def _worth(value: float | None, metric: str) -> Cell:
    """The accuracy of a scan, with the decimals that its few samples bear, or a metric."""
    return cells.number(value, 1) if metric == TOP_1 else cells.of_metric(value, metric)


def _front(record: SearchRecord, place: int) -> Figure:
    """A row for the recipe as it was given, and one for each trial of the front."""
    full = {each.trial: each for each in record.candidates}
    chosen = None if record.chosen is None else record.candidates[record.chosen]
    unit, metric = unit_of(record.metric), record.metric
    columns = (
        Column("trial", words=True),
        Column("zeros", "%", words=True),
        Column("bits", words=True),
        Column("bytes"),
        Column("drop, few steps", unit, short="drop, few steps"),
        Column("bytes, all stages"),
        Column("drop, all stages", unit, short="drop, all stages"),
        Column("", words=True, key="verdict"),
    )
    given = (cells.words("recipe"), *(Cell("") for _ in range(4)), *_full(full.get(None), chosen, metric))
    tried = [
        (*_tried(record.trials[number], metric), *_full(full.get(number), chosen, metric)) for number in record.front
    ]
    lines = table(columns, [given, *tried], f"front-{place}")
    return Figure(f"front-{place}", f"the front: validation drop in {unit}", "", lines)


def _tried(trial: Trial, metric: str) -> tuple[Cell, ...]:
    sparsities = [f"{100 * each.sparsity:.0f}" for each in trial.layers.values() if each.sparsity is not None]
    bits = [str(each.bits) for each in trial.layers.values() if each.bits is not None]
    lists = (Cell(text, text or None) for text in (" ".join(sparsities), " ".join(bits)))
    return cells.words(str(trial.number)), *lists, cells.count(trial.bytes), cells.of_metric(trial.drop, metric)


def _full(candidate: Candidate | None, chosen: Candidate | None, metric: str) -> tuple[Cell, ...]:
    if candidate is None:
        return Cell(""), Cell(""), Cell("")
    verdict = _verdict(candidate is chosen, candidate.holds)
    return cells.count(candidate.bytes), cells.of_metric(candidate.drop, metric), cells.words(verdict)


def _verdict(chosen: bool, holds: bool) -> str:
    return "chosen" if chosen else "holds" if holds else "does not hold"
