"""``edgecompress targets``: which boards there are."""

import json
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.options import FORMAT


def targets(
    name: Annotated[str | None, typer.Argument(help="One target: print its whole profile.")] = None,
    format_: FORMAT = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the boards that can be built for, or print one board's profile.

    Example: edgecompress targets rpi4
    """
    from edgecompress import target as target_room
    from edgecompress.report import targets as report
    from edgecompress.report.fields import fields

    show = console.writer(format_)
    profiles = [target_room.load(each) for each in ([name] if name else target_room.names())]
    if as_json:
        documents = [profile.model_dump(mode="json") for profile in profiles]
        console.say(json.dumps(documents[0] if name else documents, indent=2), as_json=True)
    elif name:
        show(fields(profiles[0].title, profiles[0]))
    else:
        show(report.targets(profiles))
