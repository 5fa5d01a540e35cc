"""``edgecompress init``: a recipe to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli import recipe as recipe_command
from edgecompress.cli.options import DATA, MODEL, RECIPE, SET
from edgecompress.errors import InputError


def init(
    model: MODEL = "alexnet",
    data: DATA = None,
    recipe: RECIPE = None,
    set_: SET = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to write; one that is there is never replaced.")
    ] = Path("recipe.toml"),
) -> None:
    """Write the recipe that build would take into a file, with every key and its meaning, to be changed.

    Example: edgecompress init --model resnet18 --data cifar-10 -o mine.toml
    """
    from edgecompress.record import check_file, write_new

    if output.suffix != ".toml":
        raise InputError(f"{output}: --recipe knows a file by its ending; name it {output}.toml")
    check_file(output)
    if not write_new(output, recipe_command.text(model, data, recipe, tuple(set_ or ()))):
        raise InputError(f"{output} is there already and stays as it is; name another file with --output")
    given = " ".join(["--model", model, *(["--data", data] if data else [])])
    console.say(f"wrote {output}; build with it: edgecompress build --target BOARD {given} --recipe {output}")
