"""Advice as text: a sentence for each change and runtime, what pays first."""

from functools import partial

from edgecompress.advise.advice import Advice, Line
from edgecompress.advise.records import Network
from edgecompress.report.console import console
from edgecompress.report.numbers import milliseconds, significant
from edgecompress.store.document import SHORT

_TITLES = {
    "pruned": "pruned and clustered",
    "pairs": "zeros in pairs of channels",
    "half": "half of the channels",
    "int8": "int8",
    "float16": "float16 weights",
    "float16-arithmetic": "float16 arithmetic",
}


def advice(found: Advice) -> None:
    """Print it."""
    out = console()
    say = partial(out.print, markup=False, highlight=False)
    where = found.target if found.on_target else f"{found.place}, NOT on {found.target}"
    say(
        f"{_network(found.network)}: {found.taken} on {where}, {found.created}; "
        f"threads: {found.threads}, mode: {found.mode}"
    )
    for runtime, median in sorted(found.runtimes.items(), key=lambda each: each[1]):
        say(f"  as it is, in {runtime}: {milliseconds(median)} ms (median)")
    for runtime, executed in sorted(found.executed.items(), key=lambda each: each[1]):
        say(f"  as it is, in {runtime}: {executed:,} instructions (counted on an emulated {found.processor})")
    for title, lines in (
        ("Makes it faster:", [line for line in found.lines if _verdict(line) == "faster"]),
        ("Leaves the latency as it is:", [line for line in found.lines if _verdict(line) == "no difference seen"]),
        ("Makes it slower:", [line for line in found.lines if _verdict(line) == "slower"]),
        (
            f"Executes, estimated from counted instructions on an emulated {found.processor} (no latency):",
            [line for line in found.lines if line.latency is None and line.instructions is not None],
        ),
        (
            "Size alone is known:",
            [line for line in found.lines if line.latency is None and line.instructions is None],
        ),
    ):
        if lines:
            say(f"\n{title}")
        for line in sorted(lines, key=_order):
            say(f"  {_sentence(line)}")
    if found.lines:
        say("\nHow a recipe asks for it:")
    for change in dict.fromkeys(line.change for line in found.lines):
        line = next(each for each in found.lines if each.change == change)
        say(f"  {_TITLES[change]} ({line.what}): {line.how}")
    for name, why in found.left_out.items():
        say(f"not measured: {name}: {why}")
    for warning in found.warnings:
        say(f"note: {warning}")
    numbers = dict.fromkeys((found.record, found.counted or found.record))
    say(f"Accuracy is not in this: nothing was trained. record: {', '.join(each[:SHORT] for each in numbers)}")


def _verdict(line: Line) -> str | None:
    return line.latency.verdict if line.latency else None


def _order(line: Line) -> float:
    if line.latency:
        return line.latency.ratio
    return 1 / line.smaller if line.instructions is None else line.instructions


def _sentence(line: Line) -> str:
    parts = [f"file {significant(line.smaller)}x smaller ({line.bytes:,} bytes)"]
    if line.latency:
        interval = f"{line.latency.low:.2f} to {line.latency.high:.2f}"
        parts.append(f"latency {line.latency.ratio:.2f}x ({interval})")
    if line.instructions is not None:
        parts.append(f"instructions {line.instructions:.2f}x{' (estimated)' if line.latency else ''}")
    if line.peak is not None:
        parts.append(f"peak memory {line.peak:.2f}x")
    return f"{_TITLES[line.change]}, {line.runtime}: {', '.join(parts)}"


def _network(network: Network) -> str:
    shape = "x".join(map(str, network.input_shape))
    if network.width is None:
        return f"{network.name} ({shape})"
    return f"{network.name} (width {network.width:g}, {shape}, {network.classes} classes, random weights)"
