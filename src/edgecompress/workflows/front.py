"""The front of a search: its recipes, and what boards say of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import edgecompress
from edgecompress.bench.several import bench_all
from edgecompress.compress.record import TOP_1, drop_in_words
from edgecompress.progress import Progress
from edgecompress.recipe import Recipe
from edgecompress.recipe.writing import recipe_toml
from edgecompress.search.objectives import BoardLatency, FrontRecord, SearchPoint, whole_front
from edgecompress.search.records import SearchRecord
from edgecompress.search.trial import with_settings
from edgecompress.workflows.build import build_bundle
from edgecompress.workflows.request import Request


def front_of(records: Sequence[SearchRecord]) -> tuple[FrontRecord, dict[str, str]]:
    """The front of all records, and the recipe of each of its points by the name of its file."""
    found = whole_front(records)
    points = [point for _, point in found]
    recipes = {point.recipe: recipe_toml(_recipe(record, point), _comment(record, point)) for record, point in found}
    first = records[0]
    assert first.dense_accuracy is not None
    record = FrontRecord(
        tool_version=edgecompress.__version__,
        model=first.model,
        data=first.data,
        metric=first.metric,
        better=first.better,
        dense_accuracy=first.dense_accuracy,
        points=tuple(points),
        chosen=next((place for place, point in enumerate(points) if point.holds), None),
    )
    return record, recipes


def _recipe(record: SearchRecord, point: SearchPoint) -> Recipe:
    return with_settings(record.recipe, {} if point.trial is None else record.trials[point.trial].layers)


def _comment(record: SearchRecord, point: SearchPoint) -> str:
    channels = f", {100 * point.macs:.0f} % of the arithmetic" if point.macs < 1 else ""
    return (
        f"{record.model} on {record.data}{channels}: {point.bytes:,} bytes of ONNX, "
        f"{_lost(record, point)}; found by edgecompress search --max-drop {record.max_drop:g}."
    )


def _lost(record: SearchRecord, point: SearchPoint) -> str:
    drop = drop_in_words(point.drop, record.metric)
    return f"{drop} of validation accuracy lost" if record.metric == TOP_1 else f"{drop} lost on validation samples"


def measured(
    folder: Path,
    request: Request,
    front: FrontRecord,
    devices: Sequence[str],
    *,
    mode: str,
    progress: Progress,
    warn: Callable[[str], None],
) -> FrontRecord:
    """Build each point of the front and measure it on the boards: on each board one bundle after the other.

    Args:
        folder: the front's.
        request: of the search.
        front: what is to be measured.
        devices: where, as ``bench`` takes them. A board that fails is warned of, and the others go on.
        mode: of the benchmark.
        progress: called with every step.
        warn: called with each warning, one line.
    """
    points = []
    for number, point in enumerate(front.points):
        place = folder / "front" / str(number)
        built = replace(request, recipe=str(folder / point.recipe), changes=(), encoding=None, output=place)
        _, manifest = build_bundle(built, progress=progress, warn=warn)
        boards = []
        for outcome in bench_all(place, devices, mode=mode, allow_noisy=True, progress=progress):
            if outcome.error:
                warn(f"point {number} of the front on {outcome.device}: {outcome.error}")
            if outcome.record is None:
                continue
            ratios = {each.compressed: each.latency.ratio for each in outcome.record.comparisons}
            boards += [
                BoardLatency(
                    device=outcome.device,
                    runtime=result.runtime,
                    p50_ns=result.latency.summary.p50,
                    ratio=ratios.get(name),
                    taken=outcome.record.taken,
                    record=str(outcome.path.relative_to(folder)),
                )
                for name, result in outcome.record.files.items()
                if result.latency and manifest.models[name].kind == "compressed"
            ]
        points.append(point.model_copy(update={"boards": tuple(boards)}))
    return front.model_copy(update={"points": tuple(points)})
