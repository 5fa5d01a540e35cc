"""The contract of a schedule: how sparse the network is on the way to its final sparsity."""

from typing import Protocol


class Schedule(Protocol):
    """The sparsity now. What else a schedule can be given (``steps``) are keyword-only parameters with defaults."""

    def __call__(self, progress: float, final: float) -> float:
        """The sparsity at ``progress``: from 0 to ``final``, never falling, and ``final`` exactly at the end.

        Args:
            progress: 0 at the first step of the ramp, 1 at its end; outside values are clipped.
            final: sparsity at the end.
        """
        ...
