"""``edgecompress advise``: what will pay on a board, before any training."""

from pathlib import Path
from typing import Annotated

import typer

from edgecompress.cli import console
from edgecompress.cli.options import STORE
from edgecompress.errors import InputError
from edgecompress.record import write_atomically


def advise(
    model: Annotated[
        str, typer.Argument(help="A built-in network (alexnet, resnet18, vgg16bn, vgg19bn) or an .onnx file.")
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
        str, typer.Option(help="Where to measure: local, ssh://user@host, adb:SERIAL, or a registered device's name.")
    ] = "local",
    mode: Annotated[str, typer.Option(help="How to measure: quick, standard or sustained; see 'bench'.")] = "standard",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the runtime. Default: the target's.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="With --measure: the record's file too.")
    ] = None,
    store: STORE = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the advice as JSON.")] = False,
) -> None:
    """Say what pruning, fewer channels, int8 and float16 do to size and latency, from records of this network alone."""
    if output is not None and not measure:
        raise InputError("--output is for the record of --measure: give both, or neither")
    with console.long_work("what was measured until now is kept; the same command goes on") as progress:
        from edgecompress import target as target_room
        from edgecompress.advise import advice as rules
        from edgecompress.advise import subject
        from edgecompress.records import micro
        from edgecompress.report.advice import advice as report

        board = target_room.load(target)
        network = subject.identity(model, data, width)
        if measure:
            from edgecompress.advise.measure import measure as run

            record = run(model, network, board, device=device, mode=mode, threads=threads, progress=progress)
            if output is not None:
                write_atomically(output, record.to_json())
            found = (micro.keep_or_write(record, store, output, warn=console.warn), record)
        else:
            given = rules.best(micro.kept(store, network.name), network, board.name)
            if given is None:
                raise InputError(
                    f"no record of {network.name} like this is in the store; make one on the board: "
                    f"edgecompress advise {model} --target {target} --measure --device NAME"
                )
            found = given
        advice = rules.advise(*found, board.name)
    if as_json:
        typer.echo(advice.to_json().rstrip())
    else:
        report(advice)
