"""A moment by which something must be done, handed down through calls that each take a part of the time."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Deadline:
    """A moment on this machine's monotonic clock."""

    seconds: float  # as it was given, for messages
    moment: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The moment ``seconds`` from now."""
        return cls(seconds, time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds until then; never negative."""
        return max(0.0, self.moment - time.monotonic())
