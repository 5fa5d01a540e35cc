"""The protocol: how latency is sampled. A mode is a row of data, and the whole row goes into the record."""

from pydantic import Field

from edgecompress import methods
from edgecompress.errors import InputError
from edgecompress.record import Record


class Protocol(Record):
    """One mode. All files of a runtime are timed together, round by round, in an order that alternates."""

    mode: str
    warmup: int | None = Field(description="rounds before timing; null: until the medians of 16 rounds agree to 2 %")
    warmup_max_seconds: float = Field(description="a warm-up that waits for that is given up after this time")
    min_runs: int = Field(description="timed runs a file, at least")
    min_seconds: float = Field(description="timed rounds take at least this long, all files of a runtime together")
    max_seconds: float = Field(description="and no longer than this, even if min_runs is not reached by then")
    processes: int = Field(default=1, ge=1, description="that the runs and the seconds are shared out among")
    window_seconds: float = Field(default=0, description="times are summed up for each so many seconds apart; 0: not")
    energy_seconds: float = Field(
        default=0, description="runs of a file while the power is read, where the device has a sensor; 0: not"
    )
    seed: int = Field(default=0, description="of noise inputs and of the bootstrap")


# quick is enough for a 90th percentile, standard for a 99th (see statistics.P99_SAMPLES), and it lasts long enough to
# see a clock that changes and what a new process changes; docs/benchmarking.md says what neither sees.
MODES = {
    mode.mode: mode
    for mode in (
        Protocol(mode="quick", warmup=10, warmup_max_seconds=30, min_runs=100, min_seconds=1, max_seconds=60),
        Protocol(
            mode="standard",
            warmup=None,
            warmup_max_seconds=30,
            min_runs=1024,
            min_seconds=60,
            max_seconds=600,
            processes=5,
            energy_seconds=10,
        ),
        # 10 minutes for each runtime: a board without a fan is slower by then, and throttles.
        Protocol(
            mode="sustained",
            warmup=None,
            warmup_max_seconds=30,
            min_runs=1024,
            min_seconds=600,
            max_seconds=1800,
            window_seconds=60,
            energy_seconds=30,
        ),
    )
}


def protocol(mode: str) -> Protocol:
    """The mode of that name.

    Raises:
        InputError: there is none; the line lists those there are.
    """
    if mode not in MODES:
        raise InputError(methods.unknown("mode", mode, list(MODES)))
    return MODES[mode]
