"""The results of the runtime's own profiler: the time of each operator of a file."""

from pydantic import Field

from edgecompress.record import Record

RUNS = 100


class OperatorTime(Record):
    """A node of the graph that the runtime made of the file: fused, and with the weights decoded."""

    name: str
    op_type: str
    provider: str = Field(description="that ran it")
    calls: int
    mean_us: float = Field(description="microseconds; the profiler counts whole ones")
    p50_us: float
    share: float = Field(description="of the time of all profiled runs")


class Profile(Record):
    """A file under its runtime's profiler, in a process of its own: not the one that latency was taken in."""

    runs: int
    run_p50_us: float | None = Field(description="median of a whole run, as the profiler saw it")
    nodes: list[OperatorTime] = Field(description="the one that took most first")
    note: str | None = Field(description="why there are none")
