"""A search from Python, as ``edgecompress search`` does it."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgecompress.bundle import MANIFEST
from edgecompress.compress.record import Better
from edgecompress.encode.partition import Mode
from edgecompress.errors import InputError
from edgecompress.library.paths import StrPath, path_of
from edgecompress.library.recipes import named
from edgecompress.library.warned import Warn, warned
from edgecompress.progress import Progress, silent
from edgecompress.search.limits import Limits
from edgecompress.search.records import SearchRecord
from edgecompress.search.sizes import parse_size
from edgecompress.store.keep import keep
from edgecompress.store.place import NONE
from edgecompress.workflows import search as workflow
from edgecompress.workflows.request import Request

DEFAULT_DROP, MOST_POINTS = 0.5, 100


def search(
    model: str,
    data: StrPath | None = None,
    *,
    max_drop: float | None = None,
    size_budget: int | str | None = None,
    trials: int = 40,
    macs: Sequence[float] = (),
    target: StrPath | None = None,
    recipe: StrPath | Mapping[str, Any] | None = None,
    changes: Sequence[str] | Mapping[str, Any] = (),
    checkpoint: StrPath | None = None,
    loss: str | None = None,
    metric: str | None = None,
    better: Better | None = None,
    encoding: Mode | None = None,
    output: StrPath | None = None,
    data_dir: StrPath | None = None,
    cache: StrPath | None = None,
    download: bool = True,
    eval_samples: int | None = None,
    storage: str | None = None,
    workers: int = 1,
    devices: Sequence[str] = (),
    mode: str = "standard",
    store: str | None = NONE,
    progress: Progress = silent,
    warn: Warn | None = None,
    on_record: Callable[[SearchRecord], None] | None = None,
) -> workflow.SearchResult:
    """Find the sparsity and bits of each layer that make the smallest file whose validation accuracy holds.

    Args:
        model: As for ``build``.
        data: As for ``build``.
        max_drop: Points of validation accuracy that may be lost. Default: 0.5. With ``metric``, or ``loss`` alone: by
            how much that may be worse, in its own units; it has no default then.
        size_budget: Most bytes of the ONNX file, as a number or as ``300kB``.
        trials: How many choices are tried with few training steps.
        macs: Remove channels too: fractions of the arithmetic to search with, as ``(1, 0.5)``.
        target: Build the bundle too, for this board.
        recipe: Where to start, as for ``build``.
        changes: To the recipe, as for ``build``.
        checkpoint: The network's weights, which are not trained from scratch then.
        loss: As for ``build``.
        metric: As for ``build``.
        better: As for ``build``.
        encoding: Of the model files: ``fast-load`` or ``smallest``.
        output: The folder of ``search.json``, ``recipe.toml`` and the bundle. Default: ``dist/MODEL-DATA-search``.
        data_dir: Where data sets are looked for.
        cache: Where finished epochs and trials are kept. Default: the user's cache folder.
        download: Fetch data sets that are not there.
        eval_samples: How many test samples the bundle has. Default: all.
        storage: Of the trials: a database's URL or a journal file, for workers elsewhere too.
        workers: Processes that take trials.
        devices: Build the front and measure it on these boards, as ``Bundle.bench`` takes them.
        mode: Of these measurements.
        store: Where the records are kept beside their files; ``None``: the user's store. Default: nowhere.
        progress: Called with every step.
        warn: Called with each warning, one line. Default: ``warnings.warn``.
        on_record: Called with each record when its search is over, whether anything holds or not.

    Raises:
        InputError: What is given is wrong; the line says what to do.
        CheckError: Nothing that was tried keeps within the limits.
    """
    name, lines = named(recipe, changes)
    say = warned(warn)
    request = Request(
        target="host" if target is None else os.fspath(target),
        model=model,
        data=None if data is None else os.fspath(data),
        recipe=name,
        changes=tuple(lines),
        checkpoint=path_of(checkpoint),
        loss=loss,
        metric=metric,
        better=better,
        encoding=encoding,
        output=path_of(output),
        data_dir=path_of(data_dir),
        cache_dir=path_of(cache),
        download=download,
        eval_samples=eval_samples,
    )

    def kept(record: SearchRecord) -> None:
        keep(record, store, file=None, warn=say)
        if on_record is not None:
            on_record(record)

    size = parse_size(size_budget) if isinstance(size_budget, str) else size_budget
    found = workflow.search(
        request,
        Limits(_most_lost(max_drop, own=bool(loss or metric)), size, trials),
        workflow.How(tuple(macs), storage, workers, tuple(devices), mode),
        builds=target is not None,
        progress=progress,
        warn=say,
        on_record=kept,
    )
    if found.built:
        keep(found.built[1], store, file=found.built[0] / MANIFEST, warn=say)
    return found


def _most_lost(given: float | None, *, own: bool) -> float:
    """The most that may be lost; ``own``: of a metric or a loss of the user's own.

    Raises:
        InputError: nobody can say what it is, or that it is so.
    """
    if given is None and own:
        raise InputError("--max-drop is in the units of your metric, and has no default: say how much worse it may be")
    if given is not None and given > MOST_POINTS and not own:
        raise InputError(f"--max-drop {given:g} is more points than there are; give 0 to {MOST_POINTS}")
    return DEFAULT_DROP if given is None else given
