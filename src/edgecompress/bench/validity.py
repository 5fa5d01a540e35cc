"""The concerns about the figures of a benchmark: looked for, and reported."""

from collections.abc import Iterator, Mapping, Sequence

from edgecompress.bench.machine import Conditions
from edgecompress.bench.protocol import Protocol
from edgecompress.bench.records import FileResult, Latency, Validity
from edgecompress.errors import CheckError

OTHERS_LIMIT = 0.1  # of all cores
STOLEN_LIMIT = 0.01
ASLEEP_LIMIT = 1.0  # seconds
# A clock that is corrected little by little gains or loses less than that.
JUMP_LIMIT, JUMP_RATE = 1.0, 0.001  # seconds; of the time between
DRIFT_LIMIT = 0.05  # of the median, from the first minute of a long measurement to its last


def validity(
    before: Conditions,
    after: Conditions,
    protocol: Protocol,
    threads: int,
    files: Mapping[str, FileResult],
    earlier: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Validity:
    """The concerns about a benchmark, and what could not be looked at.

    ``earlier``: what a run before this measured. ``notes``: what went another way than it should.
    """
    disturbed = [*_slowed(before, after), *_slept(before, after), *_shared(before.cores or 1, files)]
    concerns = [*_machine(before, threads), *_latency(protocol, files), *notes, *_clock_set(before, after), *disturbed]
    if earlier:
        concerns.append(f"taken from a run that was cut off, in conditions that may differ: {'; '.join(earlier)}")
    unknown = []
    if before.frequency is None:
        unknown.append("clock and governor of the processor")
    if before.emulation.emulated is None:
        unknown.append(f"whether the machine is emulated: {before.emulation.why}")
    if before.memory.swap_used is None:
        unknown.append("swap")
    measured = [file.latency for file in files.values() if file.latency]
    if any(latency.others is None for latency in measured):
        unknown.append("what other processes used of the processor")
    return Validity(concerns=concerns, disturbed=disturbed, unknown=unknown)


def accept(found: Validity, mode: str, *, allow_noisy: bool) -> None:
    """See that a benchmark was not disturbed, unless its mode is quick or that is allowed.

    Raises:
        CheckError: it was; the line says by what.
    """
    if found.disturbed and mode != "quick" and not allow_noisy:
        raise CheckError(
            f"the run was disturbed: {'; '.join(found.disturbed)}. Its record is kept; mend that "
            "('edgecompress doctor') and measure again, or accept it with --allow-noisy"
        )


def _machine(before: Conditions, threads: int) -> list[str]:
    concerns = []
    if before.emulation.emulated:
        concerns.append(f"the machine is emulated ({before.emulation.why}): its speed says nothing about any board")
    governors = sorted({name for name in (before.frequency.governors if before.frequency else []) if name})
    if governors and governors != ["performance"]:
        concerns.append(f"the clock governor is {', '.join(governors)}, not performance: the clock may have changed")
    usable = len(before.affinity) if before.affinity else before.cores
    if usable and threads > usable:
        concerns.append(f"{threads} threads on {usable} usable cores")
    return concerns


def _slowed(before: Conditions, after: Conditions) -> list[str]:
    """The concerns that the machine ran more slowly than it can."""
    concerns = []
    slowed = list(after.throttling.now) if after.throttling else []
    if before.throttling and after.throttling:
        slowed += before.throttling.now
        slowed += [name for name in after.throttling.since_boot if name not in before.throttling.since_boot]
    if slowed:
        concerns.append(f"the board slowed itself down: {', '.join(dict.fromkeys(slowed))}")
    start, end = before.memory.swap_used, after.memory.swap_used
    if start is not None and end is not None and end > start:
        concerns.append(f"swap in use grew by {(end - start) / 2**20:.0f} MiB: memory was short")
    return concerns


def _slept(before: Conditions, after: Conditions) -> list[str]:
    """The concern that the machine was suspended, if it was."""
    start, end = before.clock, after.clock
    if not start or not end or start.boottime is None or end.boottime is None:
        return []
    asleep = (end.boottime - start.boottime) - (end.monotonic - start.monotonic)
    return [f"the device slept for {asleep:.0f} s during the run"] if asleep > ASLEEP_LIMIT else []


def _clock_set(before: Conditions, after: Conditions) -> list[str]:
    """The concern that the date was changed: by hand, or on a board without a clock of its own, by the network."""
    start, end = before.clock, after.clock
    if not start or not end:
        return []
    seconds = end.monotonic - start.monotonic
    if start.boottime is not None and end.boottime is not None:
        seconds = end.boottime - start.boottime
    jump = end.wall - start.wall - seconds
    if abs(jump) <= max(JUMP_LIMIT, JUMP_RATE * seconds):
        return []
    return [
        f"the device's clock was set {'forward' if jump > 0 else 'back'} by {abs(jump):.0f} s during the run: no time "
        "here is taken by it, and no date of the device can be relied on"
    ]


def _rounds(files: Mapping[str, FileResult]) -> Iterator[tuple[str, Latency]]:
    """The files that were timed in the same rounds, as one name each time: what they share is listed once."""
    for name, file in files.items():
        latency = file.latency
        if latency is not None and not any(other < name for other in latency.together_with):
            yield ", ".join(sorted([name, *latency.together_with])), latency


def _latency(protocol: Protocol, files: Mapping[str, FileResult]) -> list[str]:
    concerns = []
    for names, latency in _rounds(files):
        if latency.runs < protocol.min_runs:
            concerns.append(f"{names}: {latency.runs} runs in {latency.seconds:.0f} s, {protocol.min_runs} were wanted")
        if latency.windows:
            first, last = latency.windows[0].p50_ns, latency.windows[-1].p50_ns
            if abs(last / first - 1) > DRIFT_LIMIT:
                minutes = (latency.windows[-1].start + latency.windows[-1].seconds) / 60
                concerns.append(
                    f"{names}: after {minutes:.0f} minutes the median was {last / first:.2f} times that of the first"
                )
        if latency.settled is False:
            concerns.append(f"{names}: the times had not settled after {latency.warmup_runs} rounds of warm-up")
    return concerns


def _shared(cores: int, files: Mapping[str, FileResult]) -> list[str]:
    """The concerns that something else ran on the cores while times were taken."""
    concerns = []
    for names, latency in _rounds(files):
        others = latency.others
        if others and others.cores > OTHERS_LIMIT * cores:
            concerns.append(f"{names}: other processes used {others.cores:.2f} of {cores} cores during timing")
        if others and others.stolen > STOLEN_LIMIT * cores:
            concerns.append(f"{names}: the hypervisor took {others.stolen:.2f} of {cores} cores during timing")
    return concerns
