"""The recipe that a caller means: a record, a name or a path, or changes as a dict."""

import os
from collections.abc import Mapping
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
