"""A recipe as a TOML file: what a search found, for ``build`` to read."""

import json
import re
from collections.abc import Mapping
from typing import Any

from edgecompress.recipe import Recipe


def recipe_toml(recipe: Recipe, comment: str) -> str:
    """``recipe`` as TOML, under one line of ``comment``. Keys that were never set keep their defaults unsaid."""
    table = recipe.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return "\n".join([f"# {comment}", *_table(table, ())]) + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """The lines of a table: its values, then the tables in it."""
    lines = [f"{_key(name)} = {_value(value)}" for name, value in table.items() if not isinstance(value, dict)]
    for name, value in table.items():
        if isinstance(value, dict):
            inside = _table(value, (*path, name))
            head = [] if _only_tables(value) else ["", f"[{'.'.join(map(_key, (*path, name)))}]"]
            lines += head + inside
    return lines


def _only_tables(table: Mapping[str, Any]) -> bool:
    return bool(table) and all(isinstance(value, dict) for value in table.values())


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _value(value: Any) -> str:
    """A TOML value; its strings, numbers and arrays are written as in JSON."""
    return json.dumps(value, ensure_ascii=False)
