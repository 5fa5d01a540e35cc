"""The command line: one file a command. A command parses, calls one function, and prints.

Exit codes: 0 done; 1 a defect of this program; 2 wrong input; 3 a result failed its check (an invariant, the proof of a
file, a target's budget); 4 a runtime or a device failed; 130 interrupted.
"""

import sys
from collections.abc import Callable
from typing import Annotated

import typer
from typer.exceptions import TyperException

from edgecompress import __version__, temporary, workers
from edgecompress.agent import telemetry
from edgecompress.cli import (
    advise,
    bench,
    build,
    compare,
    console,
    demo,
    devices,
    docs,
    doctor,
    init,
    inspect,
    pack,
    recipe,
    records,
    report,
    run,
    schema,
    search,
    study,
    targets,
    unpack,
    usage,
)
from edgecompress.cli import help as help_page
from edgecompress.errors import explain, shortened

app = typer.Typer(
    cls=help_page.CommandGroup,
    rich_markup_mode=None,
    name="edgecompress",
    help="Compress a network, export files that stock runtimes load, and measure them on the device.",
    epilog="Exit codes: 0 done, 1 a defect, 2 wrong input, 3 a check failed, 4 a runtime or a device failed, "
    "130 interrupted.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo.demo,
    "run": run.run,
    "init": init.init,
    "build": build.build,
    "search": search.search,
    "advise": advise.advise,
    "bench": bench.bench,
    "compare": compare.compare,
    "report": report.report,
    "doctor": doctor.doctor,
    "targets": targets.targets,
    "inspect": inspect.inspect,
    "pack": pack.pack,
    "unpack": unpack.unpack,
    "docs": docs.docs,
    "schema": schema.schema,
}
for command in COMMANDS.values():
    app.command(cls=help_page.Command)(command)
GROUPS: dict[str, typer.Typer] = {
    "devices": devices.app,
    "recipe": recipe.app,
    "records": records.app,
    "study": study.app,
}
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgecompress {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Compress a network, export files that stock runtimes load, and measure them on the device."""


def main() -> None:
    """Run the command line. An expected error is one line on standard error and an exit code, never a traceback.

    Whatever ends it, nothing that it started runs on and nothing that it made for a while stays: what a killed one left
    goes here.
    """
    workers.leave_working_folder()
    workers.end_in_order()
    telemetry.switch_off()
    try:
        temporary.sweep()
        temporary.use_own()
        code = app(prog_name="edgecompress", standalone_mode=False)
    except TyperException as error:
        code = _fail(shortened(usage.message(error)), getattr(error, "exit_code", 2))
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        code = _fail(*known)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> int:
    console.complain(f"edgecompress: {message}")
    return code
