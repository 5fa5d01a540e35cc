"""The time of each operator of a file: by the runtime's own profiler, or of each alone where it has none."""

from typing import Literal

from pydantic import Field

from edgecompress.record import Record

RUNS = 100


class OperatorTime(Record):
    """A node: of the graph that the runtime made of the file, fused and with the weights decoded; or of the file's own.

    What runs as one alone is one node, its operators joined by a plus sign.
    """

    name: str
    op_type: str
    provider: str = Field(description="that ran it")
    calls: int
    mean_us: float = Field(description="microseconds; onnxruntime's profiler counts whole ones")
    p50_us: float
    share: float = Field(
        description="by a profiler: of the time of all profiled runs; of operators alone: of the sum of their medians"
    )


class Profile(Record):
    """A file's operators, timed in a process of its own: not the one that latency was taken in."""

    runs: int
    run_p50_us: float | None = Field(description="median of a whole run in that process")
    nodes: list[OperatorTime] = Field(description="the one that took most first")
    note: str | None = Field(description="why there are none")
    method: Literal["profiler", "operators alone"] = Field(
        default="profiler",
        description="the runtime's own profiler; or each operator as a graph of its own, run after each run of the "
        "whole (docs/benchmarking.md)",
    )
    together: float | None = Field(
        default=None,
        description="time of all operators alone over the whole run's, the median of the rounds; null: a profiler's "
        "are parts of the run",
    )
