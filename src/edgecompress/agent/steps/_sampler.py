"""Readings of a sensor by a process of their own, so that they take nothing from the one that works meanwhile."""

from __future__ import annotations

import os
import signal
import struct
import time

from ..system.power import Sensor, readings

_ENTRY = struct.Struct("dd")  # when, on the monotonic clock, which all processes share; and watts


class Sampler:
    """Reads the watts of a sensor ten times a second. Start it before a runtime has threads: it forks."""

    def __init__(self, sensor: Sensor, interval: float = 0.1) -> None:
        self._end, write = os.pipe()
        self._child = os.fork()
        if self._child:
            os.close(write)
            return
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
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        content = b""
        while True:
            part = os.read(self._end, 65_536)
            if not part:
                break
            content += part
        os.close(self._end)
        whole = len(content) - len(content) % _ENTRY.size
        return list(_ENTRY.iter_unpack(content[:whole]))
