"""``edgecompress schema``: the JSON schemas of recipes, profiles and records."""

from typing import Annotated

import typer

from edgecompress.cli import console


def schema(
    name: Annotated[
        str | None, typer.Argument(help="A kind of document. Default: list them.", show_default=False)
    ] = None,
) -> None:
    """Print the JSON schema of a kind of document, or list the kinds there are.

    Example: edgecompress schema recipe
    """
    from edgecompress.records import schemas

    if name is not None:
        console.say(schemas.text(name).rstrip(), as_json=True)
        return
    for each, document in schemas.DOCUMENTS.items():
        console.say(f"{each:10} {document.where}")
