"""``edgecompress records``: what the store holds, and records from and to files."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from edgecompress import methods
from edgecompress.cli import console as progress_console
from edgecompress.cli import help as help_page
from edgecompress.cli.options import FORMAT, STORE
from edgecompress.errors import InputError

app = help_page.group("Records of benchmarks, builds and searches: what the store holds, files in and out.")

KIND = Annotated[str | None, typer.Option(help="Only of this kind, as bench or manifest.")]
MODEL = Annotated[str | None, typer.Option(help="Only of this network.")]
DATA = Annotated[str | None, typer.Option(help="Only of this data set, as records write it.")]
DEVICE = Annotated[str | None, typer.Option(help="Only measured on this device.")]
TARGET = Annotated[str | None, typer.Option(help="Only of bundles for this target.")]
RUNTIME = Annotated[str | None, typer.Option(help="Only with files for this runtime.")]


@app.command("list", cls=help_page.Command)
def list_(
    kind: KIND = None,
    model: MODEL = None,
    data: DATA = None,
    device: DEVICE = None,
    target: TARGET = None,
    runtime: RUNTIME = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    store: STORE = None,
    format_: FORMAT = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List records, newest first.

    Example: edgecompress records list --kind bench --target rpi4
    """
    with progress_console.long_work("nothing was changed"):
        from edgecompress.records import kinds
        from edgecompress.report.kept import kept
        from edgecompress.store.store import open_store

        show_document = progress_console.writer(format_)
        if kind is not None and kind not in kinds.STORED:
            raise InputError(methods.unknown("kind", kind, list(kinds.STORED)))
        wanted = {"kind": kind, "model": model, "data": data, "device": device, "target": target}
        with open_store(store, create=False) as opened:
            found = opened.find(runtime=runtime, limit=limit, **wanted)
    if as_json:
        progress_console.say(json.dumps([dataclasses.asdict(entry) for entry in found], indent=2), as_json=True)
        return
    show_document(kept(found))


@app.command(cls=help_page.Command)
def show(
    name: Annotated[str, typer.Argument(help="An id, or its beginning.", metavar="ID")], store: STORE = None
) -> None:
    """Print a record as the JSON that went in.

    Example: edgecompress records show 3f9a
    """
    with progress_console.long_work("nothing was changed"):
        from edgecompress.store.store import open_store

        with open_store(store, create=False) as opened:
            progress_console.say(opened.get(name)[1].rstrip(), as_json=True)


@app.command("import", cls=help_page.Command)
def import_(
    files: Annotated[
        list[Path], typer.Argument(help="JSON files, or folders: all records in them, at any depth.", metavar="FILE...")
    ],
    store: STORE = None,
) -> None:
    """Put records into the store. One that is there already is left as it is.

    Example: edgecompress records import results
    """
    with progress_console.long_work("the same command goes on"):
        from edgecompress.records.transfer import import_files
        from edgecompress.store.document import SHORT
        from edgecompress.store.store import open_store

        with open_store(store) as opened:
            for each in import_files(opened, files, warn=progress_console.warn):
                progress_console.say(f"{each.id[:SHORT]} {'imported' if each.new else 'there already'}: {each.path}")


@app.command(cls=help_page.Command)
def export(
    names: Annotated[
        list[str] | None, typer.Argument(help="Ids, or their beginnings. Default: all records.", metavar="[ID]...")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The folder for KIND-ID.json. Default: records.")
    ] = None,
    mlflow: Annotated[
        str | None,
        typer.Option(metavar="URI", help="Log them as runs to this MLflow tracking server instead, or sqlite:///PATH."),
    ] = None,
    experiment: Annotated[str, typer.Option(help="The MLflow experiment.")] = "edgecompress",
    store: STORE = None,
) -> None:
    """Write records into files, or log them to MLflow.

    Example: edgecompress records export -o kept
    """
    if mlflow is not None and output is not None:
        raise InputError("--output and --mlflow are two places: give one of them")
    with progress_console.long_work("the same command goes on"):
        from edgecompress.records import mlflow_runs
        from edgecompress.records.transfer import export_files
        from edgecompress.store.document import SHORT
        from edgecompress.store.store import open_store

        with open_store(store, create=False) as opened:
            entries = [opened.get(name)[0] for name in names] if names else opened.find()
            if mlflow is None:
                for path in export_files(opened, entries, output or Path("records")):
                    progress_console.say(path)
                return
            for entry, run, new in mlflow_runs.log(opened, entries, mlflow, experiment):
                progress_console.say(f"{entry.id[:SHORT]} {'logged as' if new else 'there already:'} run {run}")
