"""The keys of a record, with those of the tables in it: what recipes, profiles and records may say, and where."""

import json
import typing
from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

ANY = "PATTERN"
"""What stands in a name for the keys that a user chooses, as those of the table ``layers``."""
NEEDED = "needed"

_NUMBERS = {int: "a whole number", float: "a number"}
_OTHERS = {str: "text", bool: "true or false"}


def leaves(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """The full name and the field of every key that has a value, in order; of tables, the keys in them."""
    for name, field in model.model_fields.items():
        inside, chosen = table(field.annotation)
        if inside is None:
            yield f"{before}{name}", field
        else:
            yield from leaves(inside, f"{before}{name}.{f'{ANY}.' if chosen else ''}")


def table(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The record that a field's type is, and whether the user chooses the keys that lead there."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for part in typing.get_args(annotation):
        found, chosen = table(part)
        if found is not None and typing.get_origin(annotation) not in (list, tuple):
            return found, chosen or typing.get_origin(annotation) is dict
    return None, False


def table_at(model: type[BaseModel], place: Sequence[str | int]) -> type[BaseModel] | None:
    """The record at a place in ``model``; ``None``: there is none."""
    found: type[BaseModel] | None = model
    chosen = False
    for part in place:
        if chosen:
            chosen = False
            continue
        field = found.model_fields.get(str(part)) if found is not None else None
        found, chosen = (None, False) if field is None else table(field.annotation)
    return found


def default(field: FieldInfo) -> str:
    """The default as a recipe writes it."""
    return NEEDED if field.is_required() else written(field.default)


def plain(value: Any) -> Any:
    """A default that a document can hold; ``None`` where there is none."""
    return list(value) if isinstance(value, tuple) else None if value is PydanticUndefined else value


def written(value: Any) -> str:
    """A value as TOML writes it; ``none`` for what TOML cannot say."""
    if isinstance(value, bool | str):
        return json.dumps(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(written, value))}]"
    return "none" if value is None else number(value)


def number(value: Any) -> str:
    """A number without the zeros of its type: 1 and not 1.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def allowed(annotation: Any, limits: Sequence[Any] = ()) -> str:
    """The values that a field takes, in words."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return allowed(parts[0], parts[1:])
    if origin in (Union, UnionType):
        return ", or ".join(allowed(part, limits) for part in parts if part is not type(None))
    if origin is Literal:
        return one_of(parts)
    if origin in (list, tuple):
        return _list(origin, parts, limits)
    if annotation in _NUMBERS:
        return ", ".join([_NUMBERS[annotation], *_bounds(_flat(limits))])
    return _OTHERS.get(annotation, "a value")


def one_of(choices: Sequence[Any]) -> str:
    """Choices in words."""
    *first, last = map(written, choices)
    return f"{', '.join(first)} or {last}" if first else last


def _list(origin: Any, parts: Sequence[Any], limits: Sequence[Any]) -> str:
    if origin is tuple and parts[-1] is not ...:
        return f"a list of {len(parts)}, each {allowed(parts[0])}"
    least = next((each.min_length for each in limits if isinstance(each, MinLen)), 0)
    return f"a list, each {allowed(parts[0])}{f'; at least {least}' if least else ''}"


def _flat(limits: Sequence[Any]) -> list[Any]:
    """The limits, with those that a field in an annotation has in it."""
    return [each for limit in limits for each in (limit.metadata if isinstance(limit, FieldInfo) else [limit])]


def _bounds(limits: Sequence[Any]) -> list[str]:
    at_least = [number(each.ge) for each in limits if isinstance(each, Ge)]
    at_most = [number(each.le) for each in limits if isinstance(each, Le)]
    if at_least and at_most:
        return [f"{at_least[0]} to {at_most[0]}"]
    bounds = [f"at least {value}" for value in at_least]
    bounds += [f"above {number(each.gt)}" for each in limits if isinstance(each, Gt)]
    bounds += [f"at most {value}" for value in at_most]
    return bounds + [f"below {number(each.lt)}" for each in limits if isinstance(each, Lt)]
