"""A build as a document: each stage's accuracy, and each file's size and proof."""

from collections.abc import Callable
from dataclasses import replace

from edgecompress.compress.details import ClusterDetails
from edgecompress.compress.record import TOP_1
from edgecompress.estimate.records import OnProcessor
from edgecompress.manifest import Manifest, ModelFile
from edgecompress.report import cells, microcontroller
from edgecompress.report.document import Cell, Column, Document, Figure, Row, Table, of_figures, table
from edgecompress.report.doubts import of_build
from edgecompress.report.numbers import significant

WIDTH = 100
MOST_VALUES = 257  # of a layer that is clustered: 256 and zero
SIZE = ("file", "bytes", "times_smaller", "entropy_bytes", "container_bytes", "accuracy_percent")
PROOF = ("file", "largest_difference", "agreement_percent", "identical_weights", "latency_ratio")
"""The columns that stand together in a terminal."""
PROVED = "Each was proved in its runtime on this machine, against the network in PyTorch."


def summary(manifest: Manifest) -> Document:
    """The stages, the front that was tried, the files, and the test; CSV is a line a file."""
    data = f"on {manifest.data.name}" if manifest.data.test else "without data"
    recipe = f"recipe {manifest.recipe_name}: {manifest.recipe_reason}" if manifest.recipe_reason else ""
    lead = manifest.lead
    leading = [] if lead is None else [f"{lead.file} leads: {lead.why}"]
    uncounted = [f"nothing was counted: {lead.note}"] if lead and lead.note else []
    on_processors = [
        f"{name}: values depend on the processor: {on_processor(file.on_processor)}"
        for name, file in manifest.models.items()
        if file.on_processor
    ]
    return of_figures(
        f"{manifest.model.name} {data} for {manifest.target.title}",
        [_stages(manifest), *_front(manifest), Figure("files", "Files", PROVED, _files(manifest))],
        made=f"Built {manifest.created} by edgecompress {manifest.tool_version}.",
        above=(recipe, "") if recipe else (),
        first=(
            *_by_metric(manifest),
            _test(manifest),
            *_judges(manifest),
            _kept(manifest),
            *microcontroller.sentences(manifest),
            *leading,
            *uncounted,
        ),
        warnings=tuple(of_build(manifest)),
        details=tuple(on_processors),
        rows_of=("files",),
        width=WIDTH,
    )


def on_processor(found: OnProcessor) -> str:
    """The outputs and accuracy of a file on the board's emulated processor, in one line."""
    if found.outputs is None:
        return f"they were not taken on the board's ({found.why_not})"
    checked, right = found.outputs, found.accuracy
    accuracy = "" if right is None else f"{right.percent:.2f} % right of {right.samples} test samples, "
    return (
        f"on an emulated {found.processor} {accuracy}{checked.samples} outputs off by at most "
        f"{checked.largest_difference:.1g}"
    )


def _stages(manifest: Manifest) -> Figure:
    metric = next((stage.metric for stage in manifest.stages if stage.validation_accuracy is not None), TOP_1)
    columns = (
        Column("stage", words=True),
        Column("validation accuracy", "%") if metric == TOP_1 else Column(f"{metric}, validation"),
        Column("zeros", "%"),
        Column("most distinct values a layer", short="distinct values"),
    )
    lines = [
        (
            cells.words(stage.stage),
            cells.of_metric(stage.validation_accuracy, stage.metric),
            cells.part(stage.sparsity),
            cells.count(stage.distinct_max if stage.distinct_max <= MOST_VALUES else None),
        )
        for stage in manifest.stages
    ]
    return Figure("stages", "Stages", "", table(columns, lines, "stage"))


def _front(manifest: Manifest) -> list[Figure]:
    """The rates that were tried until accuracy fell too far, and how to take another of them."""
    if not manifest.front:
        return []
    columns = (
        Column("point", words=True),
        Column("bits a weight"),
        Column("bytes"),
        Column("zeros", "%"),
        Column("validation accuracy", "%", short="validation %"),
        Column("drop to dense (95 % interval)", "points", short="drop (95 %), points"),
        Column("", words=True, key="verdict"),
    )
    taken = next(each.rate_asked for stage in manifest.stages if isinstance(each := stage.details, ClusterDetails))
    lines = [
        (
            cells.words(str(number)),
            Cell(f"{point.rate:.3g}", point.rate),
            cells.count(point.bytes),
            cells.part(point.sparsity),
            cells.points(point.validation_accuracy),
            Cell(f"{point.drop.points:.2f} ({point.drop.low:.2f} to {point.drop.high:.2f})", point.drop.points),
            Cell("taken" if point.rate == taken else "", "taken" if point.rate == taken else None),
        )
        for number, point in enumerate(manifest.front, start=1)
    ]
    caption = "Another of these, without training: the same command with --from-front N."
    return [Figure("front", "Rates that were tried", caption, table(columns, lines, "front"))]


def _files(manifest: Manifest) -> Table:
    lead = manifest.lead.file if manifest.lead else None
    lines = [
        Row(f"file-{place}", tuple(make(name, manifest) for make in _COLUMNS.values()), stands_out=name == lead)
        for place, name in enumerate(manifest.models)
    ]
    known = {
        column.id for place, column in enumerate(_COLUMNS) if any(row.cells[place].value is not None for row in lines)
    }
    return Table(
        tuple(replace(column, shown=column.shown and column.id in known) for column in _COLUMNS),
        tuple(lines),
        parts=tuple(tuple(key for key in part if key in known) for part in (SIZE, PROOF)),
        mark="leads" if lead else "",
        legend=f"leads on {manifest.target.title}" if lead else "",
    )


def _figure(make: Callable[[ModelFile], Cell]) -> Callable[[str, Manifest], Cell]:
    """The cell of a column that is of the file alone."""
    return lambda name, manifest: make(manifest.models[name])


def _smaller(name: str, manifest: Manifest) -> Cell:
    file = manifest.models[name]
    of_runtime = (each for each in manifest.models.values() if (each.runtime, each.kind) == (file.runtime, "dense"))
    dense = next(of_runtime, None)
    return cells.times(None if dense is None else dense.bytes / file.bytes)


def _container(name: str, manifest: Manifest) -> Cell:
    container = manifest.files.get(f"{name}.ecz")
    return cells.count(container.bytes if container else None)


def _difference(file: ModelFile) -> Cell:
    outputs = file.verification.outputs
    return Cell(f"{outputs.largest_difference:.1g}", outputs.largest_difference)


def _agreement(file: ModelFile) -> Cell:
    """The part of equal answers, of a file that is judged by these and not by its outputs."""
    outputs = file.verification.outputs
    return cells.part(None if outputs.least_agreement is None else outputs.argmax_agreement)


def _latency(file: ModelFile) -> Cell:
    found = file.verification.latency
    if found is None:
        return Cell(cells.NONE)
    return Cell(f"{significant(found.ratio)} ({significant(found.low)} to {significant(found.high)})", found.ratio)


_COLUMNS: dict[Column, Callable[[str, Manifest], Cell]] = {
    Column("file", words=True): lambda name, _: cells.words(name),
    Column("runtime", words=True, shown=False): _figure(lambda file: cells.words(file.runtime)),
    Column("kind", words=True, shown=False): _figure(lambda file: cells.words(file.kind)),
    Column("bytes"): _figure(lambda file: cells.count(file.bytes)),
    Column("smaller", key="times_smaller"): _smaller,
    Column("entropy bound", "bytes", key="entropy_bytes", short="entropy bound"): _figure(
        lambda file: cells.count(file.ledger.entropy_bytes)
    ),
    Column("as .ecz", "bytes", key="container_bytes", short="as .ecz"): _container,
    Column("accuracy", "%", key="accuracy_percent"): _figure(
        lambda file: cells.points(file.accuracy.percent if file.accuracy else None)
    ),
    Column("accuracy_samples", shown=False): _figure(
        lambda file: cells.raw(file.accuracy.samples if file.accuracy else None)
    ),
    Column("proof_samples", shown=False): _figure(lambda file: cells.raw(file.verification.outputs.samples)),
    Column("largest output difference", key="largest_difference"): _figure(_difference),
    Column("same answers", "%", key="agreement_percent"): _figure(_agreement),
    Column("tensors identical", key="identical_weights"): _figure(
        lambda file: cells.count(file.verification.identical_weights)
    ),
    Column("latency / dense, here (95 % interval)", key="latency_ratio", short="latency/dense here (95 %)"): _figure(
        _latency
    ),
    Column("latency_ratio_low", shown=False): _figure(
        lambda file: cells.raw(file.verification.latency.low if file.verification.latency else None)
    ),
    Column("latency_ratio_high", shown=False): _figure(
        lambda file: cells.raw(file.verification.latency.high if file.verification.latency else None)
    ),
}
"""The columns in the order of CSV and of Markdown, each with its cell of a file."""


def _by_metric(manifest: Manifest) -> list[str]:
    """Both networks by a metric of the user's own, in one line if there is one."""
    own = manifest.judged
    if own is None:
        return []
    better = f"; {own.better} is better" if own.better else ""
    return [
        f"Test, {own.metric}: dense {own.dense:.5g}, compressed {own.compressed:.5g} ({own.samples} samples{better})."
    ]


def _judges(manifest: Manifest) -> list[str]:
    """The machine that takes the metric in benchmarks, this one or a board, and the reason, in a sentence."""
    evaluation = None if manifest.judged is None else manifest.judged.evaluation
    if evaluation is None or not (evaluation.source or evaluation.host_only):
        return []
    if evaluation.source:
        return [f"In benchmarks a board can judge: bench --run-metric shows {evaluation.source} and runs it there."]
    return [f"In benchmarks this machine judges: {evaluation.host_only}."]


def _test(manifest: Manifest) -> str:
    """The accuracies of both networks, or the distance of their outputs, in one line."""
    accuracy, near = manifest.accuracy, manifest.fidelity
    if accuracy is not None:
        drop = accuracy.dense - accuracy.compressed
        return (
            f"Test accuracy: dense {accuracy.dense:.2f} %, compressed {accuracy.compressed:.2f} % "
            f"(drop {drop:.2f} points, {accuracy.samples} samples)."
        )
    assert near is not None, "a build without classes compares outputs"
    same = "" if near.agreement is None else f", {100 * near.agreement:.1f} % of the answers are the dense network's"
    inputs = "inputs that were not calibrated on" if near.inputs == "given" else "inputs of noise"
    return (
        f"Outputs differ by {100 * near.relative_error:.1f} % of the dense network's{same}, on {near.samples} {inputs}."
    )


def _kept(manifest: Manifest) -> str:
    """The ratio that papers state, and that of the arithmetic where channels were removed."""
    macs = f"; multiply-accumulates: one in {manifest.ratios.macs:.1f}" if manifest.ratios.macs is not None else ""
    return f"Weights kept: one in {manifest.ratios.weights:.1f}, the ratio that papers state{macs}."
