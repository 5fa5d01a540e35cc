"""The use of the processor by other processes during a measurement."""

from __future__ import annotations

import os
import time
from pathlib import Path

from .files import text

_STAT = Path("/proc/stat")
_USED = (0, 1, 2, 5, 6)  # user, nice, system, irq, softirq: columns of /proc/stat, proc(5)
_STOLEN = 7
_SHORTEST = 0.5  # seconds; the kernel counts in ticks of 10 ms, so a shorter time tells nothing


class CpuTimes:
    """Processor time until now, in seconds summed over all cores, and when that was."""

    def __init__(self, used: float, stolen: float, own: float, at: float) -> None:
        self.used, self.stolen, self.own, self.at = used, stolen, own, at


def cpu_times(stat: Path = _STAT) -> CpuTimes | None:
    """The processor time of the whole machine and of this process; ``None`` where the system does not tell."""
    first = (text(stat) or "").split("\n", 1)[0].split()
    if len(first) <= _STOLEN + 1 or first[0] != "cpu":
        return None
    ticks = [int(value) for value in first[1:]]
    second = os.sysconf("SC_CLK_TCK")
    own = os.times()
    used = sum(ticks[i] for i in _USED) / second
    return CpuTimes(used, ticks[_STOLEN] / second, own.user + own.system, time.monotonic())


def used_by_others(before: CpuTimes | None, after: CpuTimes | None) -> dict[str, float] | None:
    """The mean number of cores that other processes used (``cores``) and that the hypervisor took (``stolen``)."""
    if before is None or after is None or after.at - before.at < _SHORTEST:
        return None
    seconds = after.at - before.at
    others = (after.used - before.used) - (after.own - before.own)
    # The two clocks are read at different moments, so the difference can come out slightly below zero.
    return {"cores": max(0.0, others / seconds), "stolen": max(0.0, (after.stolen - before.stolen) / seconds)}
