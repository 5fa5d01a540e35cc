"""``edgecompress targets``: which boards there are."""

import json
from typing import Annotated

import typer
from rich.table import Table

from edgecompress import target as target_room
from edgecompress.report.console import console


def targets(
    name: Annotated[str | None, typer.Argument(help="One target: print its whole profile.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the boards that can be built for, or print one board's profile."""
    profiles = [target_room.load(each) for each in ([name] if name else target_room.names())]
    if as_json:
        documents = [profile.model_dump(mode="json") for profile in profiles]
        typer.echo(json.dumps(documents[0] if name else documents, indent=2))
    elif name:
        for field, value in profiles[0].model_dump(mode="json").items():
            typer.echo(f"{field:12} {json.dumps(value) if isinstance(value, list | dict) else value}")
    else:
        table = Table("target", "board", "cores", "memory", "runtimes", "reached by", box=None, pad_edge=False)
        for profile in profiles:
            memory = f"{profile.memory_mib} MiB"
            runtimes = ", ".join(profile.runtimes)
            table.add_row(profile.name, profile.title, str(profile.cores), memory, runtimes, profile.transport)
        console().print(table)
