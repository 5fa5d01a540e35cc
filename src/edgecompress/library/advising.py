"""Advice before any training from Python, as ``edgecompress advise`` gives it."""

import os

from edgecompress import target as targets
from edgecompress.advise import advice as rules
from edgecompress.advise import subject
from edgecompress.advise.advice import Advice
from edgecompress.advise.measure import measure as measured
from edgecompress.errors import InputError
from edgecompress.library.paths import StrPath, path_of
from edgecompress.library.warned import Warn, warned
from edgecompress.progress import Progress, silent
from edgecompress.record import check_file, write_atomically
from edgecompress.records import micro


def advise(
    model: StrPath,
    target: StrPath,
    *,
    data: str = "digits",
    width: float = 1.0,
    measure: bool = False,
    device: str = "local",
    mode: str = "standard",
    threads: int | None = None,
    output: StrPath | None = None,
    store: str | None = None,
    progress: Progress = silent,
    warn: Warn | None = None,
) -> Advice:
    """Say what pruning, fewer channels, int8 and float16 do to size and latency, from measurements of this network.

    Nothing is trained, and so no accuracy is in it. Beside latencies of boards stand counted instructions of the
    board's processor, emulated, where they were taken.

    Args:
        model: A built-in network's name, or an .onnx file.
        target: The board: a shipped profile's name, or one's TOML file.
        data: The data set whose samples a built-in network is made for; it is not read.
        width: Factor on a built-in network's channels.
        measure: Measure on ``device`` first. Default: advise from the records that the store has.
        device: Where: ``local``, ``ssh://user@host``, ``adb:SERIAL``, a registered device's name, or ``emulated``.
        mode: How latency is sampled: ``quick``, ``standard`` or ``sustained``.
        threads: Of the runtimes. Default: the target's.
        output: A file for the record of the measurement too.
        store: Where records are kept and found. Default: the user's store.
        progress: Called with every step.
        warn: Called with the reason why a record is not in the store. Default: ``warnings.warn``.

    Raises:
        InputError: There is no such network, board or device, or no record to advise from.
        RuntimeFailedError: The device failed.
    """
    name, board = os.fspath(model), targets.load(os.fspath(target))
    if board.is_microcontroller:
        raise InputError(board.no_agent("advise goes by measurements, and there are none"))
    network = subject.identity(name, data, width)
    kept = micro.kept(store, network.name)
    found = rules.best(kept, network, board.name)
    if measure:
        file = path_of(output)
        if file is not None:
            check_file(file)
        record = measured(name, network, board, device=device, mode=mode, threads=threads, progress=progress)
        if file is not None:
            write_atomically(file, record.to_json())
        made = (micro.keep_or_write(record, store, file, warn=warned(warn)), record)
        kept = [made, *kept]
        # What was counted stands beside what a board's record says, where there is one.
        if not (record.taken == "emulated" and found is not None and found[1].taken == "measured"):
            found = made
    if found is None:
        raise InputError(
            f"no record of {network.name} like this is in the store; make one on the board: edgecompress advise {name} "
            f"--target {target} --measure --device NAME (without it: --device emulated)"
        )
    estimate = rules.counted(kept, network, board.emulator_cpu)
    of = (*estimate, str(board.emulator_cpu)) if estimate else None
    return rules.advise(*found, board.name, estimate=of)
