"""``edgecompress recipe``: the recipe of a build with every key, and the keys that there are."""

import dataclasses
import json
import textwrap
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli import help as help_page
from edgecompress.cli.options import DATA, MODEL, RECIPE, SET

WIDTH = 80
COMPRESS = "edgecompress.compress"
METHODS = {
    "structure.criterion": f"{COMPRESS}.structure.criteria",
    "prune.criterion": f"{COMPRESS}.prune.criteria",
    "prune.scope": f"{COMPRESS}.prune.scopes",
    "prune.schedule": f"{COMPRESS}.prune.schedules",
    "cluster.method": f"{COMPRESS}.cluster.algorithms",
}
"""The keys that name a method, and where the methods are."""
app = help_page.group("Show a recipe with every key, and list the keys there are.")


@app.command(cls=help_page.Command)
def show(model: MODEL = "alexnet", data: DATA = None, recipe: RECIPE = None, set_: SET = None) -> None:
    """Print the complete recipe that build would take, as TOML that --recipe takes back.

    Example: edgecompress recipe show --model vgg16bn > mine.toml
    """
    console.say(text(model, data, recipe, tuple(set_ or ())).rstrip())


@app.command(cls=help_page.Command)
def keys(
    pattern: Annotated[
        str, typer.Argument(help="Only keys that have this in their name, or fit it, as cluster.*", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the keys of a recipe: what each means, which values it takes, and its default.

    Example: edgecompress recipe keys cluster
    """
    from edgecompress import methods
    from edgecompress.recipe.listing import listing

    found = listing(pattern, {key: methods.choices(package) for key, package in METHODS.items()})
    if as_json:
        console.say(json.dumps([dataclasses.asdict(key) for key in found], indent=2), as_json=True)
        return
    for key in found:
        default = "no default: every recipe has it" if key.default == "needed" else f"default {key.default}"
        console.say(key.name)
        for line in (key.meaning, f"({key.allowed}; {default})"):
            console.say(textwrap.fill(line, WIDTH, initial_indent="    ", subsequent_indent="    "))


def text(model: str, data: str | None, recipe: str | None, changes: tuple[str, ...]) -> str:
    """The recipe of a build that is asked for these, with every key and its meaning.

    Raises:
        InputError: one of them is none.
    """
    from edgecompress import recipe as recipe_room
    from edgecompress.recipe.writing import commented_toml
    from edgecompress.sources import networks
    from edgecompress.sources.callables import is_custom

    if is_custom(model):
        default = recipe_room.GENERIC if data not in (None, "none") else recipe_room.UNTRAINED
    else:
        networks.check(model)
        default = recipe_room.default_name(model, data or "digits")
    name = recipe_room.complete(recipe, default)
    given = " ".join(["--model", model, *(["--data", data] if data else [])])
    head = f"The recipe {name}, complete. Change what you like, then: edgecompress build {given} --recipe THIS_FILE"
    head += " --target BOARD."
    if recipe is None:
        head += " Where a board's LiteRT skips zeros, build may lay sparse-arm over its own: THIS_FILE+sparse-arm does."
        head += " Where an Ethos-U decodes weights, ethos-u: THIS_FILE+ethos-u does."
    return commented_toml(recipe_room.load(name, changes), head)
