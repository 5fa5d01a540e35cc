"""A benchmark through a microcontroller's firmware in sentences: the board, its times, its arena, its outputs."""

from edgecompress.bench.records import BenchRecord, FirmwareResult
from edgecompress.report.numbers import significant


def conditions(record: BenchRecord) -> list[str]:
    """The board and the conditions of the measurement, a sentence a line."""
    board = record.before
    made = "" if board.system == "other" else f", firmware made with {board.system}"
    lines = [
        f"Device: {record.device.address}, {board.board}, {board.machine}{made}.",
        f"Runtimes: {', '.join(sorted({file.runtime for file in record.files.values()}))}, on one core. Batch 1.",
    ]
    for name, file in record.files.items():
        if file.firmware is not None:
            lines += [_latency(record, file.firmware), _arena(file.firmware)]
            if file.accuracy is not None:
                judged = f"{file.accuracy.samples} samples of {record.bundle.data}, run on the device"
                lines += [f"Accuracy: {judged}.", _outputs(name, file.firmware, file.accuracy.reference)]
    return lines


def _latency(record: BenchRecord, found: FirmwareResult) -> str:
    if found.hertz is None:
        return "Latency: none; cycles of an emulator are no time."
    protocol = record.protocol
    return (
        f"Latency: mode {protocol.mode}: {protocol.warmup} runs of warm-up, then at least {protocol.min_runs} runs, at "
        f"most {protocol.max_seconds:g} s, one after another on noise; by the board's own counter of {found.hertz:,} a "
        "second, around the interpreter's Invoke."
    )


def _arena(found: FirmwareResult) -> str:
    return f"Arena: the firmware gives {found.arena_size:,} bytes, and the network uses {found.arena_bytes:,} of them."


def _outputs(name: str, found: FirmwareResult, reference: str) -> str:
    if found.differing is None or found.largest_steps is None:
        return f"Outputs: not compared ({reference.removeprefix('none: ')})."
    off = f"{100 * found.differing:.2g} % differ, by at most {significant(found.largest_steps)} steps of int8"
    beside = f"Outputs of {name} beside LiteRT's reference kernels on the host, {found.compared} samples"
    return f"{beside}: {off if found.differing else 'all equal'}."
