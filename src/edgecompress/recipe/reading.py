"""Reading a recipe: a shipped one or a TOML file, with the changes of the command line."""

import tomllib
from collections.abc import Sequence
from typing import Any, Literal

from edgecompress import shipped
from edgecompress.errors import InputError
from edgecompress.recipe.document import Recipe, Reconstruction


def load(name: str, changes: Sequence[str] = ()) -> Recipe:
    """The recipe called ``name``, or the one in the TOML file at that path.

    Args:
        name: a shipped recipe's name, or a path that ends in ``.toml``.
        changes: ``stage.key=value`` each, with the value written as in TOML; a word needs no quotes.

    Raises:
        InputError: there is no such recipe, or a key or a value in it is wrong; the line names it.
    """
    path = shipped.path_of("recipes", name)
    table = shipped.read_toml(path)
    for change in changes:
        _change(table, change)
    return Recipe.from_table(table, str(path) if not changes else f"{path} with {', '.join(changes)}")


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
    except tomllib.TOMLDecodeError:
        table[last] = text.strip()


def default_name(model: str, data: str) -> str:
    """The recipe that ``build`` takes for a model and a data set: their own if one ships, else the model's."""
    own = f"{model}-{data}"
    return own if own in shipped.names("recipes") else model


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
