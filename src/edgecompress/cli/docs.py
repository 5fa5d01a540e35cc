"""``edgecompress docs``: the documents that messages name."""

from typing import Annotated

import typer

from edgecompress.cli import console


def docs(
    name: Annotated[
        str | None, typer.Argument(help="A document, as messages name it. Default: list them.", show_default=False)
    ] = None,
) -> None:
    """Print a document of this version, or list the documents there are.

    Example: edgecompress docs devices
    """
    from edgecompress import shipped

    if name is not None:
        console.say(shipped.document(name).rstrip())
        return
    for each in shipped.names("docs"):
        console.say(f"{each:14} {shipped.document(each).partition(chr(10))[0].lstrip('# ')}")
