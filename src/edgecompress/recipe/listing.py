"""Every key that a recipe may have: its meaning, its default and what values it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

from edgecompress import keys, methods
from edgecompress.errors import InputError
from edgecompress.recipe.document import Recipe


@dataclass(frozen=True)
class Key:
    """One key, in words."""

    name: str
    meaning: str
    default: str  # as TOML writes it; needed: there is none
    allowed: str


def listing(pattern: str = "", choices: Mapping[str, Sequence[str]] = MappingProxyType({})) -> list[Key]:
    """The keys whose names hold ``pattern``, or fit it where it has ``*``; all of them where it is empty.

    ``choices``: the methods that a key takes, for keys that name one.

    Raises:
        InputError: none does; the line has the name that is nearest.
    """
    every = [
        Key(
            name,
            field.description or "",
            keys.default(field),
            keys.one_of(choices[name]) if name in choices else keys.allowed(field.annotation, field.metadata),
        )
        for name, field in keys.leaves(Recipe)
    ]
    glob = pattern if "*" in pattern else f"*{pattern}*"
    found = [key for key in every if fnmatchcase(key.name, glob)]
    if not found:
        tables = list(dict.fromkeys(key.name.partition(".")[0] for key in every))
        nearest = methods.nearest(pattern, [*(key.name for key in every), *tables])
        raise InputError(
            f"no key of a recipe is called '{pattern}'"
            + (f"; did you mean '{nearest}'?" if nearest else f"; the tables are: {', '.join(tables)}")
        )
    return found
