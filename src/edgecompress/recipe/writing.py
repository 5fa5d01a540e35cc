"""A recipe as a TOML file, for ``build`` to read: short, or with every key and what it means."""

import inspect
import json
import re
import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from edgecompress import keys
from edgecompress.recipe.document import Recipe

WIDTH = 98


def recipe_toml(recipe: Recipe, comment: str) -> str:
    """``recipe`` as TOML, under one line of ``comment``. Keys that were never set keep their defaults unsaid."""
    table = recipe.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return "\n".join([f"# {comment}", *_table(table, ())]) + "\n"


def commented_toml(recipe: Recipe, comment: str) -> str:
    """``recipe`` as TOML with every key there is, each under its meaning; what is not set is commented out."""
    return "\n".join([*_comment(comment), *_commented(recipe, type(recipe), "")]) + "\n"


def _commented(record: BaseModel | None, model: type[BaseModel], path: str) -> list[str]:
    """The lines of a table with all its keys. ``None``: one that is not set, of which the defaults are shown."""
    lines, tables = [], []
    for name, field in model.model_fields.items():
        value = getattr(record, name) if record is not None else field.get_default()
        inside, chosen = keys.table(field.annotation)
        if inside is not None and chosen:
            tables += _layers(value, inside, f"{path}{name}", field.description or "")
        elif inside is not None:
            about = inspect.cleandoc(inside.__doc__ or "").partition("\n")[0].replace("``", "'")
            off = "" if value is not None else "# "
            unset = "" if value is not None else f" Not set here: {(field.description or '').removeprefix('None: ')}."
            tables += ["", *_comment(about + unset), f"{off}[{path}{name}]"]
            tables += _commented(value, inside, f"{path}{name}.")
        else:
            allowed = keys.allowed(field.annotation, field.metadata)
            lines += _comment(f"{field.description} ({allowed})")
            plain = record.model_dump(mode="json")[name] if record is not None else keys.plain(value)
            off = "# " if record is None or plain is None else ""
            lines.append(f"{off}{name} = {'' if plain is None else _value(plain)}".rstrip())
    return [*lines, *tables]


def _layers(chosen: Mapping[str, BaseModel], model: type[BaseModel], path: str, about: str) -> list[str]:
    """The tables whose names the user chooses, and one as an example where there are none."""
    lines = ["", *_comment(f"What differs for layers, {about}:")]
    lines += [f"#   {name}: {field.description}" for name, field in model.model_fields.items()]
    if not chosen:
        return [*lines, f'# [{path}."conv*"]', "# bits = 8"]
    own = {name: each.model_dump(mode="json", exclude_none=True) for name, each in chosen.items()}
    return [*lines, *_table({path: own}, ())]


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_long_words=False)


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
