"""Events: one JSON object a line on stdout, flushed at once. The first key is ``event``."""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import time
from typing import TextIO

PROGRESS_EVERY = 0.5  # seconds between two progress lines, at least


class Events:
    """A writer of events to a stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last_progress = 0.0

    @classmethod
    def on_stdout(cls) -> Events:
        """Take stdout for events alone: whatever else prints there, native code included, goes to stderr."""
        stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        # A runtime that dies of a signal leaves a Python traceback on stderr: it says in which call.
        faulthandler.enable()
        return cls(stream)

    def emit(self, event: str, **fields: object) -> None:
        """Write one event."""
        self._stream.write(json.dumps({"event": event, **fields}, allow_nan=False) + "\n")
        self._stream.flush()

    def progress(self, **fields: object) -> None:
        """Write a ``progress`` event, unless the last one was less than half a second ago."""
        now = time.monotonic()
        if now - self._last_progress >= PROGRESS_EVERY:
            self._last_progress = now
            self.emit("progress", **fields)
