"""``edgecompress bench``: measure a bundle on a device, or on several."""

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgecompress.cli import console
from edgecompress.cli.consent import RUN_METRIC, allowed
from edgecompress.cli.options import FORMATS, STORE
from edgecompress.errors import InputError, RuntimeFailedError

if TYPE_CHECKING:
    from edgecompress.bench.several import DeviceOutcome

DIST = Path("dist")


def bench(
    bundle: Annotated[
        Path | None,
        typer.Argument(
            help="A folder that 'edgecompress build' wrote. Default: the newest bundle in dist/.", show_default=False
        ),
    ] = None,
    device: Annotated[
        str,
        typer.Option(
            help="Where: local, ssh://user@host, adb:SERIAL, serial:PORT (a microcontroller), a registered device's "
            "name, or a target's; emulated, emulated:PROCESSOR or emulated:TARGET for outputs and instruction counts "
            "without a board; several at once with commas between."
        ),
    ] = "local",
    mode: Annotated[
        str,
        typer.Option(
            help="quick: at least 100 runs a file. standard: at least 1024 runs and 60 s, settled first. "
            "sustained: 10 minutes a runtime, summed up minute by minute."
        ),
    ] = "standard",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the runtime. Default: the target's.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The record's file. Default: BUNDLE/bench/DEVICE-TIME.json.")
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", "--report", help=f"How to print the result: {FORMATS}")
    ] = console.TERMINAL,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
    provider: Annotated[
        str,
        typer.Option(
            help="Execution provider of onnxruntime that gets the nodes it can run: cuda, tensorrt, xnnpack ..."
        ),
    ] = "",
    delegate: Annotated[
        str, typer.Option(help="Delegate of LiteRT that gets the nodes it can run: its shared library on the device.")
    ] = "",
    profile: Annotated[
        bool,
        typer.Option("--profile", help="Take the time of each operator too."),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Print the method too: conditions, runs, what each figure is of.")
    ] = False,
    run_metric: RUN_METRIC = None,
    allow_noisy: Annotated[
        bool,
        typer.Option(
            "--allow-noisy",
            help="Accept times of a machine that slowed down, swapped or shared its cores. They are marked either way; "
            "mode quick accepts them always.",
        ),
    ] = False,
    store: STORE = None,
) -> None:
    """Run the agent on a device: latency, load time, memory, size and accuracy of every model file of a bundle.

    A microcontroller runs a bundle's serve.cc instead, which answers on a serial line: cycles, arena and accuracy.

    Example: edgecompress bench dist/alexnet-digits-rpi4 --device local
    """
    show = console.writer(format_)
    bundle = bundle or _newest(device)
    allowed_metric = allowed(bundle, run_metric, device)
    with console.long_work(_resumed(device)) as progress:
        from edgecompress.bench.validity import accept
        from edgecompress.library.bundles import Bundle
        from edgecompress.report.bench import bench as document
        from edgecompress.report.document import brief

        names = [name.strip() for name in device.split(",") if name.strip()]
        if len(names) > 1 and output is not None:
            raise InputError("--output names one record, and several devices write one each: leave it out")
        measured = Bundle.open(bundle)
        options: dict[str, Any] = {
            "mode": mode,
            "threads": threads,
            "provider": provider,
            "delegate": delegate,
            "profile": profile,
            "run_metric": allowed_metric or False,
            "store": store,
            "progress": progress,
            "warn": console.warn,
        }
        if len(names) > 1:
            _show(measured.bench_all(names, allow_noisy=allow_noisy, **options), format_, as_json)
            return
        path = output or measured.record_file(device)
        record = measured.bench(device, output=path, **options)
    if as_json:
        console.say(record.to_json().rstrip(), as_json=True)
    else:
        made = document(record, measured.manifest)
        show(made if verbose or format_ != console.TERMINAL else brief(made))
        console.aside(
            f"record: {path}{'' if verbose else ' (the method is in it, and printed with --verbose)'}", format_
        )
    accept(record.validity, mode, allow_noisy=allow_noisy)


def _resumed(device: str) -> str:
    """The use of the same command after one was interrupted: a journal keeps what an agent has measured."""
    from edgecompress import devices

    with suppress(InputError):
        if any(devices.find(name.strip()).is_microcontroller for name in device.split(",")):
            return "nothing is kept of a microcontroller; the same command begins anew"
    return "what was measured until now is kept; the same command goes on"


def _newest(device: str) -> Path:
    """The bundle that is meant where none is named: one line says which.

    Raises:
        InputError: there is none; the line says how one is made for that board.
    """
    from edgecompress import bundle as bundle_room
    from edgecompress import target

    found = bundle_room.newest(DIST)
    if found is None:
        board = next(iter(target.family(device)), "rpi4")
        raise InputError(
            f"there is no bundle in {DIST}/ to measure: make one with 'edgecompress build --target {board} --model "
            f"alexnet --data digits', or name its folder: edgecompress bench FOLDER --device {device}"
        )
    console.complain(f"measures {found[0]}, the newest bundle in {DIST}/, made {found[1]}")
    return found[0]


def _show(outcomes: "list[DeviceOutcome]", format_: str, as_json: bool) -> None:
    """Print one table of several devices. One that failed is in the exit code too."""
    from edgecompress.report.devices import by_device

    records = {outcome.device: outcome.record for outcome in outcomes if outcome.record}
    failed = {outcome.device: outcome.error for outcome in outcomes if outcome.error}
    if as_json:
        console.say(json.dumps([record.model_dump(mode="json") for record in records.values()], indent=2), as_json=True)
    else:
        console.writer(format_)(by_device(records, failed))
        for outcome in outcomes:
            if outcome.record:
                console.aside(f"record: {outcome.path}", format_)
    if failed:
        raise RuntimeFailedError(f"{len(failed)} of {len(outcomes)} devices failed: {', '.join(failed)}")
