"""A search from a request to files: the record, the recipe that was found, and the bundle that it builds."""

import importlib.util
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

import torch

import edgecompress
from edgecompress import bundle, pipeline, target
from edgecompress.bundle import Manifest
from edgecompress.compress.checkpoints import key
from edgecompress.errors import CheckError, InputError, MissingDependencyError
from edgecompress.progress import Progress
from edgecompress.record import write_atomically
from edgecompress.request import Request, prepare
from edgecompress.search.limits import Limits
from edgecompress.search.recipe_file import recipe_toml
from edgecompress.search.records import SearchRecord
from edgecompress.search.run import search as run_search
from edgecompress.search.trial import with_settings

RECORD, RECIPE = "search.json", "recipe.toml"


@dataclass(frozen=True)
class Found:
    """What a search left.

    Attributes:
        folder: with the record and the recipe.
        record: what was tried and found.
        built: the bundle's folder and manifest, where a target was named.
    """

    folder: Path
    record: SearchRecord
    built: tuple[Path, Manifest] | None


def search(
    request: Request,
    limits: Limits,
    *,
    builds: bool,
    progress: Progress,
    warn: Callable[[str], None],
    tell: Callable[[SearchRecord], None],
) -> Found:
    """Search, write what was found into the folder ``request.output``, and build the bundle if ``builds``.

    Args:
        request: as for ``build``, but for ``output``; its target matters only if ``builds``.
        limits: what is asked for.
        builds: whether to build the bundle, in a folder inside.
        progress: is told how far it is.
        warn: is told what the user should know.
        tell: is given the record when the search is over, whether anything holds or not.

    Raises:
        EdgecompressError: one of its kinds; a ``CheckError`` if nothing that was tried keeps within the limits.
    """
    if importlib.util.find_spec("optuna") is None:
        raise MissingDependencyError("search needs optuna, which is not installed: pip install 'edgecompress[search]'")
    folder = request.output or Path("dist") / f"{request.name}-search"
    _check_folder(folder)
    built_in = folder
    if builds:
        built_in = folder / f"{request.name}-{target.load(request.target).name}"
        bundle.check_replaceable(built_in)
    given = prepare(request, progress=progress, warn=warn)
    context, recipe = given.context, given.context.recipe
    if not given.data.classes:
        raise InputError(
            "search judges by accuracy, and there are no classes here; give data with classes, or use build"
        )
    empty = SearchRecord(
        tool_version=edgecompress.__version__,
        model=given.own.name if given.own else request.model,
        data=given.data.name,
        recipe=recipe,
        max_drop=limits.max_drop,
        size_budget=limits.size_budget,
    )
    name = key("", "search", {**context.identity, "torch": torch.__version__, "asked": empty.model_dump(mode="json")})
    record = run_search(
        given.network,
        context,
        limits,
        trained=given.trained,
        graph=given.graph,
        path=context.folder.parent / "searches" / f"{name}.json",
        empty=empty,
    )
    write_atomically(folder / RECORD, record.to_json())
    tell(record)
    if record.chosen is None:
        (folder / RECIPE).unlink(missing_ok=True)  # of an earlier search
        raise CheckError(_nothing_holds(record, folder / RECORD))
    _write_recipe(folder / RECIPE, record)
    if not builds:
        return Found(folder, record, None)
    request = replace(request, recipe=str(folder / RECIPE), changes=(), encoding=None, output=built_in)
    return Found(folder, record, pipeline.build(request, progress=progress, warn=_but(given.warnings, warn)))


def _but(said: Collection[str], warn: Callable[[str], None]) -> Callable[[str], None]:
    """``warn`` for what was not said before."""

    def anew(message: str) -> None:
        if message not in said:
            warn(message)

    return anew


def _check_folder(folder: Path) -> None:
    """Make sure that nothing but an earlier search's files is replaced.

    Raises:
        InputError: the folder cannot be used; the line says why.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; choose another folder with --output")
    if (folder / RECIPE).exists() and not (folder / RECORD).exists():
        raise InputError(f"{folder / RECIPE} is not of a search and would be replaced; choose another folder")


def _write_recipe(path: Path, record: SearchRecord) -> None:
    assert record.chosen is not None
    best = record.candidates[record.chosen]
    layers = {} if best.trial is None else record.trials[best.trial].layers
    comment = (
        f"{record.model} on {record.data}: {best.bytes:,} bytes of ONNX, {best.drop:.2f} points of validation accuracy "
        f"lost; found by edgecompress search --max-drop {record.max_drop:g}."
    )
    write_atomically(path, recipe_toml(with_settings(record.recipe, layers), comment))


def _nothing_holds(record: SearchRecord, path: Path) -> str:
    """What was reached, and what to try."""
    budget = record.size_budget
    fitting = [each for each in record.candidates if budget is None or each.bytes <= budget]
    least = min(fitting, key=lambda each: each.drop, default=None)
    asked = f"a drop of at most {record.max_drop:g} points" + (f" in at most {budget:,} bytes" if budget else "")
    if least is None:
        smallest = min(record.candidates, key=lambda each: each.bytes)
        reached = f"the smallest file that was made has {smallest.bytes:,} bytes"
    else:
        reached = f"the least drop reached is {least.drop:.2f} points, with {least.bytes:,} bytes"
    return (
        f"nothing was found with {asked}: {reached}; raise --max-drop, --size-budget, --trials or the recipe's epochs. "
        f"The front is in {path}"
    )
