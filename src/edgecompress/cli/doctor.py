"""``edgecompress doctor``: what is wrong with a device before a benchmark."""

import json
from typing import Annotated

import typer

from edgecompress.cli import console as progress_console
from edgecompress.cli.options import FORMAT
from edgecompress.errors import CheckError


def doctor(
    device: Annotated[
        str,
        typer.Option(
            help="local, ssh://user@host, adb:SERIAL, emulated:PROCESSOR, a registered device's name, or a target's."
        ),
    ] = "local",
    format_: FORMAT = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at a device: is it reached, is everything there, is anything slowing it down; and how to mend that.

    Example: edgecompress doctor --device kitchen
    """
    from edgecompress import devices
    from edgecompress.bench.doctor import doctor as examine
    from edgecompress.report.doctor import doctor as report

    show = progress_console.writer(format_)
    with progress_console.long_work("run it again"):
        findings = examine(devices.find(device))
    if as_json:
        progress_console.say(json.dumps([finding.model_dump() for finding in findings], indent=2), as_json=True)
    else:
        show(report(device, findings))
    faults = [finding.subject for finding in findings if finding.state == "bad"]
    if faults:
        raise CheckError(f"{device} cannot be measured on yet: {', '.join(faults)}")
