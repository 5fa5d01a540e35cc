"""The results of a search as tables: the sensitivity of each layer, and the front with what was chosen of it."""

from rich.table import Table

from edgecompress.compress.record import TOP_1
from edgecompress.report.console import console
from edgecompress.report.numbers import milliseconds, of_metric, unit_of
from edgecompress.search.objectives import FrontRecord
from edgecompress.search.records import Candidate, SearchRecord


def search(record: SearchRecord) -> None:
    """Print the scan's table and the front's."""
    printer = console()
    printer.print(_scan(record))
    dense = of_metric(record.dense_accuracy, record.metric)
    of = "%" if record.metric == TOP_1 else f"{record.metric} ({record.better} is better)"
    printer.print(f"Dense: {dense} {of} of the validation split.\n")
    printer.print(_front(record))


def front(record: FrontRecord) -> None:
    """Print a row for each network that no other one beats in bytes, drop and latency."""
    table = Table(title="after all stages: no other is better in bytes, drop and latency", box=None, pad_edge=False)
    for column in ("bytes", "drop", "arithmetic", "latency, here"):
        table.add_column(column, justify="right")
    measured = list(dict.fromkeys((each.device, each.runtime) for point in record.points for each in point.boards))
    for device, runtime in measured:
        table.add_column(f"{device}, {runtime}", justify="right")
    table.add_column("recipe")
    table.add_column("")
    for place, point in enumerate(record.points):
        found = {(each.device, each.runtime): each for each in point.boards}
        boards = [milliseconds(found[each].p50_ns) + " ms" if each in found else "-" for each in measured]
        verdict = "chosen" if place == record.chosen else "holds" if point.holds else "does not hold"
        figures = [
            f"{point.bytes:,}",
            of_metric(point.drop, record.metric),
            f"{100 * point.macs:.0f} %",
            f"{point.latency:.2f}x",
        ]
        table.add_row(*figures, *boards, point.recipe, verdict)
    console().print(table)


def _scan(record: SearchRecord) -> Table:
    """A row a layer: accuracy or the metric with that layer alone changed, at once and untrained."""
    found = {(each.layer, each.change, each.value): each for each in record.sensitivities}
    layers = {each.layer: each.weights for each in record.sensitivities}
    own = record.metric != TOP_1
    judged = f"{record.metric} of validation samples" if own else "validation accuracy in %"
    sparsities = sorted({each.value for each in record.sensitivities if each.change == "sparsity"})
    bits = sorted({each.value for each in record.sensitivities if each.change == "bits"}, reverse=True)
    table = Table(title=f"{judged}, one layer changed, untrained", box=None, pad_edge=False)
    table.add_column("layer")
    columns = ["weights", *(f"{100 * each:g} % zeros" for each in sparsities), *(f"{each:g} bits" for each in bits)]
    for column in columns:
        table.add_column(column, justify="right")
    for layer, weights in layers.items():
        places = [(layer, "sparsity", each) for each in sparsities] + [(layer, "bits", each) for each in bits]
        cells = [f"{found[place].accuracy:{'.5g' if own else '.1f'}}" if place in found else "-" for place in places]
        table.add_row(layer, f"{weights:,}", *cells)
    return table


def _front(record: SearchRecord) -> Table:
    """A row for the recipe as it was given, and one for each trial of the front."""
    full = {each.trial: each for each in record.candidates}
    chosen = None if record.chosen is None else record.candidates[record.chosen]
    table = Table(title=f"the front: validation drop in {unit_of(record.metric)}", box=None, pad_edge=False)
    table.add_column("trial")
    for column in ("zeros in %", "bits", "bytes", "drop, few steps", "bytes, all stages", "drop, all stages"):
        table.add_column(column, justify="right")
    table.add_column("")
    table.add_row("recipe", "", "", "", "", *_full(full.get(None), chosen, record.metric))
    for trial in (record.trials[number] for number in record.front):
        sparsities = [f"{100 * each.sparsity:.0f}" for each in trial.layers.values() if each.sparsity is not None]
        bits = [str(each.bits) for each in trial.layers.values() if each.bits is not None]
        table.add_row(
            str(trial.number),
            " ".join(sparsities),
            " ".join(bits),
            f"{trial.bytes:,}",
            of_metric(trial.drop, record.metric),
            *_full(full.get(trial.number), chosen, record.metric),
        )
    return table


def _full(candidate: Candidate | None, chosen: Candidate | None, metric: str) -> tuple[str, str, str]:
    if candidate is None:
        return "", "", ""
    verdict = "chosen" if candidate is chosen else "holds" if candidate.holds else "does not hold"
    return f"{candidate.bytes:,}", of_metric(candidate.drop, metric), verdict
