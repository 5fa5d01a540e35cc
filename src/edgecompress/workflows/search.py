"""A search from a request to files: the record, the front and its recipes, the bundle of what was chosen."""

import importlib.util
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import torch

import edgecompress
from edgecompress import bundle, target, workers
from edgecompress import devices as devices_room
from edgecompress.bench.protocol import protocol
from edgecompress.compress.checkpoints import key
from edgecompress.compress.evaluate import ACCURACY
from edgecompress.compress.record import drop_in_words
from edgecompress.errors import CheckError, EdgecompressError, InputError, MissingDependencyError
from edgecompress.manifest import Manifest
from edgecompress.progress import Progress, silent
from edgecompress.record import write_atomically
from edgecompress.search.ledger import opened
from edgecompress.search.limits import Limits
from edgecompress.search.objectives import FrontRecord
from edgecompress.search.records import SearchRecord
from edgecompress.search.run import search as run_search
from edgecompress.workflows import microcontroller
from edgecompress.workflows.build import build_bundle
from edgecompress.workflows.front import front_of, measured
from edgecompress.workflows.prepared import Prepared
from edgecompress.workflows.reading import prepare
from edgecompress.workflows.request import Request

RECORD, RECIPE, FRONT = "search.json", "recipe.toml", "front.json"
PATIENCE = 10.0
"""Seconds in which a worker has to clean up before it is killed."""


@dataclass(frozen=True)
class SearchResult:
    """The results of a search.

    Attributes:
        folder: with the records and the recipes.
        data: that it was on, as ``--data`` takes it.
        records: what was tried and found, one for each number of channels.
        front: of all of them.
        built: the bundle's folder and manifest, where a target was named.
    """

    folder: Path
    data: str
    records: list[SearchRecord]
    front: FrontRecord
    built: tuple[Path, Manifest] | None


@dataclass(frozen=True)
class How:
    """The settings by which a search is run.

    Attributes:
        macs: fractions of the dense network's multiply-accumulates to search with, 1 for all channels; none: as the
            recipe has it.
        storage: where trials are kept, for other workers too; see ``search.ledger``.
        workers: processes of this machine that take trials.
        devices: boards that measure the front.
        mode: of these benchmarks.
    """

    macs: Sequence[float] = ()
    storage: str | None = None
    workers: int = 1
    devices: Sequence[str] = ()
    mode: str = "standard"


def search(
    request: Request,
    limits: Limits,
    how: How = How(),
    *,
    builds: bool,
    progress: Progress,
    warn: Callable[[str], None],
    on_record: Callable[[SearchRecord], None],
) -> SearchResult:
    """Search, write what was found into the folder ``request.output``, and build the bundle if ``builds``.

    Args:
        request: as for ``build``, but for ``output``; its target matters only if something is built.
        limits: what is asked for.
        how: with how many channels, who takes part, and what measures the front.
        builds: whether to build the bundle, in a folder inside.
        progress: called with how far it is.
        warn: called with each warning, one line.
        on_record: called with each record when its search is over, whether anything holds or not.

    Raises:
        EdgecompressError: one of its kinds; a ``CheckError`` if nothing that was tried keeps within the limits.
    """
    if importlib.util.find_spec("optuna") is None:
        raise MissingDependencyError("search needs optuna, which is not installed: pip install 'edgecompress[search]'")
    folder = request.output or Path("dist") / f"{request.name}-search"
    _check_folder(folder)
    built_in = folder
    if builds:
        board = target.load(request.target)
        microcontroller.asked(request, board)  # its packages are there
        built_in = folder / f"{request.name}-{board.name}"
        bundle.check_replaceable(built_in)
    for name in how.devices:  # before hours of work, not after
        devices_room.find(name)
    protocol(how.mode)
    if how.storage:
        opened(how.storage)
    records, warned = [], set[str]()
    requests = [replace(request, changes=changes) for changes in _changes(request, how.macs)]
    for each in requests:
        given = prepare(each, progress=progress, warn=_but(warned, warn), to_rate=False)
        warned |= set(given.warnings)
        _check_judged(given)
        if how.macs and each.changes == request.changes and given.context.recipe.structure:
            raise InputError(
                "the recipe removes channels itself; leave 1 out of --macs, or [structure] out of the recipe"
            )
        with _helped(each, limits, how):
            record = _searched(given, limits, how.storage)
        path = folder / RECORD if len(requests) == 1 else folder / _named(record)
        write_atomically(path, record.to_json())
        records.append(record)
        on_record(record)
    front, recipes = front_of(records)
    for name in [FRONT, *recipes]:
        write_atomically(folder / name, front.to_json() if name == FRONT else recipes[name])
    if how.devices:
        front = measured(folder, request, front, how.devices, mode=how.mode, progress=progress, warn=_but(warned, warn))
        write_atomically(folder / FRONT, front.to_json())
    if front.chosen is None:
        (folder / RECIPE).unlink(missing_ok=True)  # of an earlier search
        raise CheckError(_nothing_holds(records, folder / FRONT))
    write_atomically(folder / RECIPE, recipes[front.points[front.chosen].recipe])
    if not builds:
        return SearchResult(folder, request.data_named, records, front, None)
    request = replace(request, recipe=str(folder / RECIPE), changes=(), encoding=None, output=built_in)
    return SearchResult(
        folder, request.data_named, records, front, build_bundle(request, progress=progress, warn=_but(warned, warn))
    )


def _check_judged(given: Prepared) -> None:
    """Make sure that there is something to judge networks by, and that its direction is known.

    Raises:
        InputError: there is not, or it is not.
    """
    metric = given.context.metric
    if metric == ACCURACY and not given.data.classes:
        raise InputError(
            "search judges by accuracy, and there are no classes here; give data with classes, or --loss with targets"
        )
    if metric.better is None:
        raise InputError(f"is {metric.name} better where it is higher or lower? Say --better higher, or --better lower")


def _changes(request: Request, macs: Sequence[float]) -> list[tuple[str, ...]]:
    """The changes to the recipe for each number of channels.

    Raises:
        InputError: a fraction is none.
    """
    for fraction in macs:
        if not 0 < fraction <= 1:
            raise InputError(f"--macs {fraction:g} is no fraction of a network; write 1,0.5,0.25")
    if not macs:
        return [request.changes]
    return [(*request.changes, *([f"structure.macs={each:g}"] if each < 1 else [])) for each in dict.fromkeys(macs)]


def _searched(given: Prepared, limits: Limits, storage: str | None, *, helps: bool = False) -> SearchRecord:
    context = given.context
    metric = context.metric
    assert metric.better is not None
    limits = replace(limits, metric=metric.name)
    empty = SearchRecord(
        tool_version=edgecompress.__version__,
        model=given.model.name,
        data=given.data.name,
        recipe=context.recipe,
        max_drop=limits.max_drop,
        size_budget=limits.size_budget,
        metric=metric.name,
        better=metric.better,
        samples=len(given.data.validation_x),
        classes=len(given.data.classes),
    )
    # What the data are is in the context's identity; searches of before these two were told go on where they were.
    asked = empty.model_dump(mode="json", exclude={"samples", "classes"})
    name = key("", "search", {**context.identity, "torch": torch.__version__, "asked": asked})
    return run_search(
        given.network,
        context,
        limits,
        trained=given.trained,
        graph=given.model.graph,
        path=context.folder.parent / "searches" / f"{name}.json",
        empty=empty,
        storage=storage,
        helps=helps,
    )


@contextmanager
def _helped(request: Request, limits: Limits, how: How) -> Iterator[None]:
    """Have the other workers take part while the block runs."""
    if how.workers == 1:
        yield
        return
    share = max(1, workers.cores() // how.workers)
    own = torch.get_num_threads()
    context = get_context("spawn")
    others = [
        context.Process(target=_help, args=(request, limits, how.storage), daemon=True) for _ in range(how.workers - 1)
    ]
    try:
        with workers.environment(workers.threads(share)):
            for other in others:
                other.start()
        torch.set_num_threads(share)
        yield
    finally:
        torch.set_num_threads(own)
        for other in others:
            if other.pid is not None:
                other.terminate()
                other.join(PATIENCE)
                other.kill()


def _help(request: Request, limits: Limits, storage: str | None) -> None:
    """Another worker: it takes trials until there are none. What is wrong with the request, the first one says."""
    workers.begin()
    try:
        given = prepare(request, progress=silent, warn=lambda _: None, to_rate=False)
        _searched(given, limits, storage, helps=True)
    except (EdgecompressError, KeyboardInterrupt):
        return


def _named(record: SearchRecord) -> str:
    """The name of one of several records."""
    asked = record.recipe.structure.macs if record.recipe.structure else 1.0
    return f"search-{asked:g}.json"


def _but(warned: Collection[str], warn: Callable[[str], None]) -> Callable[[str], None]:
    """``warn`` for what it was not called with before."""

    def anew(message: str) -> None:
        if message not in warned:
            warn(message)

    return anew


def _check_folder(folder: Path) -> None:
    """Make sure that nothing but an earlier search's files is replaced.

    Raises:
        InputError: the folder cannot be used; the line says why.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; choose another folder with --output")
    if (folder / RECIPE).exists() and not (folder / FRONT).exists() and not (folder / RECORD).exists():
        raise InputError(f"{folder / RECIPE} is not of a search and would be replaced; choose another folder")


def _nothing_holds(records: Sequence[SearchRecord], path: Path) -> str:
    """The error message where nothing holds: what was reached, and what to try."""
    record, budget = records[0], records[0].size_budget
    candidates = [each for one in records for each in one.candidates]
    fitting = [each for each in candidates if budget is None or each.bytes <= budget]
    least = min(fitting, key=lambda each: each.drop, default=None)
    asked = f"a drop of at most {_asked(record)}" + (f" in at most {budget:,} bytes" if budget else "")
    if least is None:
        smallest = min(candidates, key=lambda each: each.bytes)
        reached = f"the smallest file that was made has {smallest.bytes:,} bytes"
    else:
        reached = f"the least drop reached is {drop_in_words(least.drop, record.metric)}, with {least.bytes:,} bytes"
    return (
        f"nothing was found with {asked}: {reached}; raise --max-drop, --size-budget, --trials or the recipe's epochs. "
        f"The front is in {path}"
    )


def _asked(record: SearchRecord) -> str:
    unit = "points" if record.metric == ACCURACY.name else f"of {record.metric}"
    return f"{record.max_drop:g} {unit}"
