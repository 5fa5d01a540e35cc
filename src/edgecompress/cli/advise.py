"""``edgecompress advise``: what will pay on a board, before any training."""

from pathlib import Path
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.options import FORMAT, STORE
from edgecompress.errors import InputError


def advise(
    model: Annotated[
        str, typer.Argument(help="A built-in network (alexnet, mobilenet-v2, resnet18...) or an .onnx file.")
    ],
    target: Annotated[str, typer.Option(help="The board: a name of 'edgecompress targets', or a profile's TOML file.")],
    data: Annotated[
        str, typer.Option(help="A built-in network is made for the samples of this data set; the data are not read.")
    ] = "digits",
    width: Annotated[float, typer.Option(min=0.01, max=4, help="Factor on a built-in network's channels.")] = 1.0,
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure on --device first, and keep the record in the store.")
    ] = False,
    device: Annotated[
        str,
        typer.Option(
            help="Where to measure: local, ssh://user@host, adb:SERIAL, a registered device's name, or emulated, which "
            "counts instructions on the target's processor without the board."
        ),
    ] = "local",
    mode: Annotated[str, typer.Option(help="How to measure: quick, standard or sustained; see 'bench'.")] = "standard",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the runtime. Default: the target's.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="With --measure: the record's file too.")
    ] = None,
    store: STORE = None,
    format_: FORMAT = "terminal",
    as_json: Annotated[bool, typer.Option("--json", help="Print the advice as JSON.")] = False,
) -> None:
    """Say what pruning, fewer channels, int8 and float16 do to size and latency, from records of this network alone.

    Beside latencies of boards stand counted instructions of the board's processor, emulated, where they were taken.

    Example: edgecompress advise resnet18 --target rpi4 --measure --device local
    """
    if output is not None and not measure:
        raise InputError("--output is for the record of --measure: give both, or neither")
    with console.long_work("what was measured until now is kept; the same command goes on") as progress:
        from edgecompress.library.advising import advise as run
        from edgecompress.report.advice import advice as report

        show = console.writer(format_)
        advice = run(
            model,
            target,
            data=data,
            width=width,
            measure=measure,
            device=device,
            mode=mode,
            threads=threads,
            output=output,
            store=store,
            progress=progress,
            warn=console.warn,
        )
    if as_json:
        console.say(advice.to_json().rstrip(), as_json=True)
    else:
        show(report(advice))
