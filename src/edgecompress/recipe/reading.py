"""Reading a recipe: a shipped one or a TOML file, with the changes of the command line."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from edgecompress import shipped
from edgecompress.errors import InputError
from edgecompress.recipe.document import Recipe, Reconstruction

GENERIC, UNTRAINED = "any", "any-untrained"
"""The recipes of a network of the user's own, and of one that nothing can train."""
STAGES = ("train", "prune", "retrain", "cluster")
_MOBILE = ("ds-cnn", "ds-cnn-kws", "efficientnet-lite0", "mobilenet-v1", "mobilenet-v2", "mobilenet-v3-small")
FAMILIES = dict.fromkeys(_MOBILE, "mobile")
"""Of the built-in networks that are trained alike: under what name their recipes ship."""


def load(name: str, changes: Sequence[str] | Mapping[str, Any] = ()) -> Recipe:
    """The recipe called ``name``, or the one in the TOML file at that path; ``A+B`` is A with the keys of B over it.

    Args:
        name: a shipped recipe's name, or a path that ends in ``.toml``; several of either with ``+`` between them.
        changes: ``stage.key=value`` each, with the value written as in TOML; a word needs no quotes. Or
            a mapping, of tables as TOML has them, of dotted keys, or of both.

    Raises:
        InputError: there is no such recipe, or a key or a value in it is wrong; the line names it.
    """
    parts = [(part, shipped.read_toml(shipped.path_of("recipes", part))) for part in _parts(name)]
    table: dict[str, Any] = {}
    for _, each in parts:
        _lay_over(table, each)
    over = _nested(changes) if isinstance(changes, Mapping) else {}
    written = [] if isinstance(changes, Mapping) else changes
    _lay_over(table, over)
    for change in written:
        _change(table, change)

    def source(key: str) -> str:
        """The source of a key: the last change to it, or the last file that has it."""
        if _has(over, key):
            return "changes of the recipe"
        for change in reversed(written):
            if _beside(change.partition("=")[0].strip(), key):
                return f"--set {change}"
        saying = [part for part, each in reversed(parts) if _has(each, key)]
        return f"recipe {saying[0] if saying else name}"

    return Recipe.from_table(table, source)


def complete(name: str | None, default: str) -> str:
    """The recipe that is meant by ``name``: by ``None`` ``default``, by one that leaves stages out that laid over it.

    One with all four stages is a recipe by itself.

    Raises:
        InputError: there is no such recipe.
    """
    if name is None:
        return default
    table = shipped.read_toml(shipped.path_of("recipes", _parts(name)[0]))
    return name if all(stage in table for stage in STAGES) else f"{default}+{name}"


def _parts(name: str) -> list[str]:
    """The recipes that ``name`` means, the last over those before it."""
    return [name] if name.endswith(".toml") and Path(name).is_file() else name.split("+")


def _beside(one: str, other: str) -> bool:
    """Return whether one of two keys is the other, or is in it."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _has(table: Mapping[str, Any], key: str) -> bool:
    """Return whether a parsed recipe has ``key``, or what it is in; names of layers have dots too."""
    inside = ((value, key.removeprefix(f"{name}.")) for name, value in table.items() if key.startswith(f"{name}."))
    return key in table or any(not isinstance(value, dict) or _has(value, rest) for value, rest in inside)


def _lay_over(table: dict[str, Any], over: Mapping[str, Any]) -> None:
    """Set the keys of ``over`` in ``table``; of layers, the ones laid over come last, where they count."""
    for key, value in over.items():
        if key == "layers" and isinstance(value, dict) and isinstance(table.get(key, {}), dict):
            table[key] = {layer: own for layer, own in table.get(key, {}).items() if layer not in value} | value
        elif isinstance(value, dict) and isinstance(table.get(key), dict):
            _lay_over(table[key], value)
        else:
            table[key] = value


def _nested(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes with dotted keys, as tables in tables."""
    found: dict[str, Any] = {}
    for key, value in changes.items():
        *tables, last = key.split(".")
        inner: dict[str, Any] = {last: _nested(value) if isinstance(value, Mapping) and key != "layers" else value}
        for name in reversed(tables):
            inner = {name: inner}
        _lay_over(found, inner)
    return found


def _change(table: dict[str, Any], change: str) -> None:
    """Set one key of a parsed recipe."""
    key, equals, text = change.partition("=")
    if not equals or not key.strip():
        raise InputError(f"'{change}' is not a change to a recipe; write it as prune.sparsity=0.95")
    *tables, last = key.strip().split(".")
    for name in tables:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise InputError(f"'{change}': {name} is a value, not a table; write it as prune.sparsity=0.95")
    try:
        table[last] = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        table[last] = text.strip()


def default_name(model: str, data: str) -> str:
    """The recipe that ``build`` takes for a model and a data set: of those that ship, the one that says most of them.

    A family of networks that are trained alike shares its recipes. A model that none ships for keeps its own name.
    """
    family = FAMILIES.get(model, model)
    ship = shipped.names("recipes")
    return next((name for name in (f"{model}-{data}", f"{family}-{data}", model, family) if name in ship), model)


def untrained(recipe: Recipe, *, inputs: Literal["training", "synthetic"] | None) -> Recipe:
    """``recipe`` where nothing can be trained: outputs are reconstructed on ``inputs``, or nothing is looked at at all.

    What asks for training is left out. A recipe that reconstructs already keeps its own settings.
    """
    changes: dict[str, Any] = {"structure": None, "distill": None, "reconstruct": None}
    if inputs is not None:
        chosen = recipe.reconstruct or Reconstruction()
        changes["reconstruct"] = chosen.model_copy(update={"inputs": inputs})
    for stage in ("train", "prune", "retrain", "cluster"):
        changes[stage] = getattr(recipe, stage).model_copy(update={"epochs": 0})
    changes["retrain"] = changes["retrain"].model_copy(update={"rewind": None})
    return recipe.model_copy(update=changes)
