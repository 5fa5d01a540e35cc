"""The recipe that a caller means: a record, a name or a path, or changes as a dict."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edgecompress import recipe as recipes
from edgecompress.errors import InputError
from edgecompress.library.paths import StrPath
from edgecompress.recipe import Recipe

Given = Recipe | StrPath | Mapping[str, Any] | None


def chosen(recipe: Given, default: str = recipes.GENERIC) -> Recipe:
    """The whole recipe, over the shipped one ``default`` where a dict, or a recipe without all stages, says not all.

    Raises:
        InputError: there is no such recipe, a key or a value in it is wrong, or it is for built-in networks.
    """
    if isinstance(recipe, Recipe):
        found = recipe
    elif recipe is None or isinstance(recipe, Mapping):
        found = recipes.load(default, recipe or {})
    elif isinstance(recipe, str | os.PathLike):
        found = recipes.load(recipes.complete(os.fspath(recipe), default))
    else:
        raise InputError(f"recipe is a {type(recipe).__name__}; give a Recipe, a name, a path or a dict of changes")
    if found.width != 1:
        raise InputError("width is for built-in networks; make the network itself narrower, or set [structure]")
    return found


def named(
    recipe: StrPath | Mapping[str, Any] | None, changes: Sequence[str] | Mapping[str, Any]
) -> tuple[str | None, list[str]]:
    """A recipe and changes to it as the commands take them: a name or a path, and ``--set`` lines."""
    lines = [*_lines(recipe)] if isinstance(recipe, Mapping) else []
    lines += _lines(changes) if isinstance(changes, Mapping) else changes
    return None if recipe is None or isinstance(recipe, Mapping) else os.fspath(recipe), lines


def _lines(changes: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Changes as ``--set`` has them. Names of layers have dots, and so their table is one change."""
    for key, value in changes.items():
        if isinstance(value, Mapping) and key != "layers":
            yield from _lines(value, f"{before}{key}.")
        else:
            yield f"{before}{key}={_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
