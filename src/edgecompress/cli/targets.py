"""``edgecompress targets``: which boards there are."""

import json
from typing import Annotated

import typer

from edgecompress.cli import console


def targets(
    name: Annotated[str | None, typer.Argument(help="One target: print its whole profile.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the boards that can be built for, or print one board's profile.

    Example: edgecompress targets rpi4
    """
    from edgecompress import target as target_room

    profiles = [target_room.load(each) for each in ([name] if name else target_room.names())]
    if as_json:
        documents = [profile.model_dump(mode="json") for profile in profiles]
        console.say(json.dumps(documents[0] if name else documents, indent=2), as_json=True)
    elif name:
        for field, value in profiles[0].model_dump(mode="json").items():
            console.say(f"{field:12} {json.dumps(value) if isinstance(value, list | dict) else value}")
    else:
        from rich.table import Table

        from edgecompress.report.console import console as tables

        table = Table("target", "board", "cores", "memory", "runtimes", "reached by", box=None, pad_edge=False)
        for profile in profiles:
            memory = f"{profile.memory_mib} MiB"
            runtimes = ", ".join(profile.runtimes)
            table.add_row(profile.name, profile.title, str(profile.cores), memory, runtimes, profile.transport)
        tables().print(table)
