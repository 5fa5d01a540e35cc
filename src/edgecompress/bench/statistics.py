"""Statistics of latency samples: percentiles, and whether one file is faster than another."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from edgecompress.record import Record

Samples = npt.NDArray[np.float64]
Verdict = Literal["faster", "slower", "no difference seen"]

# The fewest queries that MLPerf's early stopping accepts for a 99th percentile (64 for a 90th).
P99_SAMPLES = 662
RESAMPLES = 1000
# A change of code layout or environment alone moves run times by about a percent (Mytkowicz et al., "Producing Wrong
# Data Without Doing Anything Obviously Wrong!", ASPLOS 2009), so a smaller difference is not called one.
MARGIN = 0.01


class Summary(Record):
    """What the samples of one file come to, in nanoseconds. Percentiles interpolate linearly between samples."""

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
        default=None, description="95 % interval of the median, of this run alone: what another run adds is not in it"
    )
    p50_high: float | None = None


class Ratio(Record):
    """The ratio of two medians, its 95 % interval, and what that says."""

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


def summary(samples_ns: Sequence[int], *, seed: int = 0) -> Summary:
    """The summary of at least one sample. ``seed`` is of the resampling for the median's interval."""
    values = np.asarray(samples_ns, dtype=np.float64)
    medians = _interval(_resampled(values[None], lambda rounds: float(np.median(rounds)), seed))
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
        p50_low=medians[0],
        p50_high=medians[1],
    )


def ratio_of_medians(samples: Sequence[int], base: Sequence[int], *, seed: int = 0) -> Ratio:
    """``median(samples) / median(base)`` with its 95 % interval, for two files that were timed in the same rounds.

    The two times of a round stay together when rounds are resampled.

    Args:
        samples: Times of one file, one a round.
        base: Times of the file it is compared with, in the same rounds.
        seed: Of the resampling.
    """
    assert len(samples) == len(base) > 0
    both = np.stack([np.asarray(samples, dtype=np.float64), np.asarray(base, dtype=np.float64)])
    low, high = _interval(_resampled(both, _ratio, seed))
    return Ratio(ratio=_ratio(both), low=low, high=high, verdict=verdict(low, high))


def changes(
    rounds: Samples, base: Samples, statistics: Callable[[Samples], Sequence[float]], *, seed: int = 0
) -> list[Change]:
    """How statistics of one benchmark differ from the same ones of another, which was taken at another time.

    Each is resampled by itself, in blocks as ``ratio_of_medians`` does: their rounds have nothing in common. The
    interval is of the sampling within the two runs. What a new process or another day would change is not in it.

    Args:
        rounds: Times, float64 (files, rounds): the files that the statistics are of, in the rounds they share.
        base: The same files of the other benchmark, float64 (files, its rounds).
        statistics: Of such an array; positive. One change is returned for each.
        seed: Of the resampling.
    """
    # Two seeds, so that the resamples of two equally long runs are not the same rounds.
    draws = _resampled(rounds, statistics, seed), _resampled(base, statistics, seed + 1)
    found = []
    for i, (value, before) in enumerate(zip(statistics(rounds), statistics(base), strict=True)):
        low, high = _interval(draws[0][:, i] - draws[1][:, i])
        least, most = _interval(draws[0][:, i] / draws[1][:, i])
        ratio = Ratio(ratio=value / before, low=least, high=most, verdict=verdict(least, most))
        found.append(Change(difference=value - before, low=low, high=high, ratio=ratio))
    return found


def verdict(low: float, high: float) -> Verdict:
    """What an interval of a latency ratio says: a difference counts where all of it is beyond one percent."""
    if high < 1 - MARGIN:
        return "faster"
    return "slower" if low > 1 + MARGIN else "no difference seen"


def _resampled(rows: Samples, statistic: Callable[[Samples], float | Sequence[float]], seed: int) -> Samples:
    """A statistic, or several, of ``RESAMPLES`` resamples of ``rows`` (files, rounds): one row each.

    Runs that follow each other share the state of the machine (clock, caches, other load), so they are not
    independent, and an interval that takes them so is too narrow. Whole blocks of sqrt(n) rounds are resampled
    instead: the circular block bootstrap (Politis and Romano, 1992), with the percentile interval (Efron, 1979).
    """
    length = rows.shape[1]
    block = math.isqrt(length)
    random = np.random.default_rng(seed)
    found = []
    for _ in range(RESAMPLES):
        starts = random.integers(0, length, -(-length // block))
        rounds = (starts[:, None] + np.arange(block)).reshape(-1)[:length] % length
        found.append(statistic(rows[:, rounds]))
    return np.asarray(found, dtype=np.float64)


def _interval(draws: Samples) -> tuple[float, float]:
    """The 95 % interval of what resamples came to."""
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


def _ratio(both: Samples) -> float:
    first, second = np.median(both, axis=1)
    return float(first / second)
