"""Statistics of a long measurement window by window, with the temperature and the clock at the end of each."""

from __future__ import annotations

import time
from array import array
from pathlib import Path
from typing import Any

from ..system.files import entries, number
from ..system.heat import temperatures


class Windows:
    """The windows of one file's times: each sums up ``seconds`` of them."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._start = self._began = time.monotonic()
        self._samples = array("q")
        self.done: list[dict[str, Any]] = []

    def add(self, samples: array[int], root: Path = Path("/")) -> None:
        """Take the next times, in ns. A window ends with the first call after its time."""
        self._samples.extend(samples)
        now = time.monotonic()
        if now - self._start < self._seconds:
            return
        ordered = sorted(self._samples)
        zones = temperatures(root) or {}
        self.done.append(
            {
                "start": self._start - self._began,
                "seconds": now - self._start,
                "runs": len(ordered),
                "p50_ns": _percentile(ordered, 50),
                "p90_ns": _percentile(ordered, 90),
                "p99_ns": _percentile(ordered, 99),
                "hottest": max(zones.values()) if zones else None,
                "clock_khz": _clock(root),
            }
        )
        del self._samples[:]
        self._start = time.monotonic()


def _percentile(ordered: list[int], percent: int) -> float:
    """Linear between samples, as NumPy's."""
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _clock(root: Path) -> int | None:
    """The clock of the fastest core now, in kHz."""
    folder = root / "sys/devices/system/cpu/cpufreq"
    clocks = [number(folder / name / "scaling_cur_freq") for name in entries(folder) if name.startswith("policy")]
    return max((clock for clock in clocks if clock is not None), default=None)
