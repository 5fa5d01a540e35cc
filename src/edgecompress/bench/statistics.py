"""Statistics of latency samples: percentiles, and whether one file is faster than another."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from edgecompress.record import Record
from edgecompress.timing.resampling import Floats, interval, quantiles, resampled

Verdict = Literal["faster", "slower", "no difference seen"]

# The fewest queries that MLPerf's early stopping accepts for a 99th percentile (64 for a 90th).
P99_SAMPLES = 662
# A change of code layout or environment alone moves run times by about a percent (Mytkowicz et al., "Producing Wrong
# Data Without Doing Anything Obviously Wrong!", ASPLOS 2009), so a smaller difference is not called one.
MARGIN = 0.01


class Summary(Record):
    """The statistics of one file's samples, in nanoseconds. Percentiles interpolate linearly between samples."""

    samples: int
    p50: float
    p90: float
    p95: float
    p99: float | None = Field(description=f"null below {P99_SAMPLES} samples: too few to tell")
    min: float
    max: float
    mean: float
    std: float = Field(description="of the sample (n - 1); 0 for a single one")
    p50_low: float | None = Field(
        default=None,
        description="95 % interval of the median; where all samples are of one process, what another adds is not in it",
    )
    p50_high: float | None = None


class Ratio(Record):
    """A ratio of times, its 95 % interval, and what that says."""

    ratio: float
    low: float
    high: float
    verdict: Verdict


class Change(Record):
    """A statistic of one benchmark against that of another: difference and ratio with their 95 % intervals."""

    difference: float
    low: float
    high: float
    ratio: Ratio


def summary(samples_ns: Sequence[int], *, processes: Sequence[int] = (), seed: int = 0) -> Summary:
    """The summary of at least one sample.

    Args:
        samples_ns: Times, in the order in which they were taken.
        processes: How many of them each process took, one after the other. Empty: all are of one.
        seed: Of the resampling for the median's interval.
    """
    values = np.asarray(samples_ns, dtype=np.float64)
    medians = resampled(quantiles(values, [0.5]), processes or [len(values)], seed=seed)[0]
    p50_low, p50_high = interval(medians, len(processes))
    p50, p90, p95, p99 = (float(value) for value in np.percentile(values, [50, 90, 95, 99]))
    return Summary(
        samples=len(values),
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99 if len(values) >= P99_SAMPLES else None,
        min=float(values.min()),
        max=float(values.max()),
        mean=float(values.mean()),
        std=float(values.std(ddof=1)) if len(values) > 1 else 0.0,
        p50_low=p50_low,
        p50_high=p50_high,
    )


def change(value: float, before: float, draws: tuple[Floats, Floats], *, processes: int = 1) -> Change:
    """How a statistic of one benchmark differs from the same one of another, which was taken at another time.

    Each is resampled by itself: their rounds have nothing in common. The interval is of the sampling within the two
    benchmarks, and of their processes where there are several. What another day would change is not in it.

    Args:
        value: Of the one benchmark; positive, as all of these are.
        before: Of the other.
        draws: What resamples of the one and of the other came to, as many of each.
        processes: How many were resampled, of the two the fewer; 1 where the draws are as wide as several make them.
    """
    low, high = interval(draws[0] - draws[1], processes)
    least, most = interval(draws[0] / draws[1], processes)
    ratio = Ratio(ratio=value / before, low=least, high=most, verdict=verdict(least, most))
    return Change(difference=value - before, low=low, high=high, ratio=ratio)


def verdict(low: float, high: float) -> Verdict:
    """The verdict on an interval of a latency ratio: a difference counts where all of it is beyond one percent."""
    if high < 1 - MARGIN:
        return "faster"
    return "slower" if low > 1 + MARGIN else "no difference seen"
