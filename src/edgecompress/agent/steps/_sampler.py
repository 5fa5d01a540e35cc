"""Readings of a sensor by a process of their own, so that they take nothing from the one that works meanwhile."""

from __future__ import annotations

import os
import signal
import struct
import time

from ..system.power import Sensor, readings

_ENTRY = struct.Struct("dd")  # when, on the monotonic clock, which all processes share; and watts


class Sampler:
    """A process that reads a sensor. ``start`` makes it."""

    def __init__(self, process: int, end: int) -> None:
        self.process, self._end = process, end

    @classmethod
    def start(cls, sensor: Sensor, interval: float) -> Sampler:
        """Read the watts of a sensor every ``interval`` seconds, until ``stop``. What was read must fit a pipe (4096).

        Call it before a runtime has threads: it forks.
        """
        end, write = os.pipe()
        process = os.fork()
        if process:
            os.close(write)
            return cls(process, end)
        os.close(end)
        try:
            while True:
                now, found = time.monotonic(), readings(sensor)
                if found is not None:
                    # This fails when the other process is gone, and ends this one.
                    os.write(write, _ENTRY.pack(now, sum(found.values())))
                time.sleep(interval)
        finally:
            os._exit(0)

    def stop(self) -> list[tuple[float, float]]:
        """End it, and return what it read: moments and watts."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        content = b""
        while part := os.read(self._end, 65_536):
            content += part
        os.close(self._end)
        whole = len(content) - len(content) % _ENTRY.size
        return [(moment, watts) for moment, watts in _ENTRY.iter_unpack(content[:whole])]
