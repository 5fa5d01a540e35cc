"""``edgecompress compare``: one record against another, and limits for CI."""

from pathlib import Path
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.options import FORMAT, STORE, values
from edgecompress.errors import CheckError

SIDE = "A record's file, or its id in the store or the beginning of that."


def compare(
    a: Annotated[str, typer.Argument(help=f"What B is compared with. {SIDE}", metavar="A")],
    b: Annotated[str, typer.Argument(help=f"What is judged. {SIDE}", metavar="B")],
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIMITS",
            help="Exit code 3 where B is beyond one, as 'acc_drop>0.5,p90>20ms,size>2MB,p50>5%'; 'edgecompress docs "
            "records' explains them.",
        ),
    ] = None,
    allow: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="What may differ: device, governor, runtime, accelerator, threads, mode, taken, data or budget.",
        ),
    ] = "",
    file: Annotated[
        list[str] | None, typer.Option(help="Compare this file alone, by its name in B. Default: all of them.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the result as JSON to this file.")
    ] = None,
    store: STORE = None,
    format_: FORMAT = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Compare two records of benchmarks or builds, metric by metric, with intervals from their raw times.

    Example: edgecompress compare old.json new.json --fail-on "acc_drop>0.5"
    """
    with console.long_work("nothing was changed"):
        from edgecompress.library.comparing import compare as run
        from edgecompress.record import check_file, write_atomically
        from edgecompress.report.compare import compare as report

        show = console.writer(format_)
        if output is not None:
            check_file(output)
        found = run(a, b, fail_on=fail_on or (), allow=values(allow, str), files=file or (), store=store)
        if output is not None:
            write_atomically(output, found.to_json())
    if as_json:
        console.say(found.to_json().rstrip(), as_json=True)
    else:
        show(report(found))
    broken = [f"{each.limit} by {each.file}" for each in found.limits if each.broken]
    if broken:
        raise CheckError(f"B is beyond its limits: {'; '.join(broken)}")
