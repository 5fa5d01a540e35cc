"""Statistics of latency samples: percentiles, and whether one file is faster than another."""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from edgecompress.record import Record

Samples = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Statistics = Callable[[Samples], Samples]
"""From times, (files, rounds) or (files, resamples, rounds), to (statistics,) or (statistics, resamples)."""
Verdict = Literal["faster", "slower", "no difference seen"]

# The fewest queries that MLPerf's early stopping accepts for a 99th percentile (64 for a 90th).
P99_SAMPLES = 662
RESAMPLES = 1000
MOST_ELEMENTS = 1 << 21  # of resamples that are computed at once: 16 MiB
# A change of code layout or environment alone moves run times by about a percent (Mytkowicz et al., "Producing Wrong
# Data Without Doing Anything Obviously Wrong!", ASPLOS 2009), so a smaller difference is not called one.
MARGIN = 0.01
# 97.5 % quantiles of Student's t for 1 to 20 degrees of freedom.
T_QUANTILES = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)


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
        default=None,
        description="95 % interval of the median; where all samples are of one process, what another adds is not in it",
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


def summary(samples_ns: Sequence[int], *, processes: Sequence[int] = (), seed: int = 0) -> Summary:
    """The summary of at least one sample.

    Args:
        samples_ns: Times, in the order in which they were taken.
        processes: How many of them each process took, one after the other. Empty: all are of one.
        seed: Of the resampling for the median's interval.
    """
    values = np.asarray(samples_ns, dtype=np.float64)
    medians = _interval(_resampled(values[None], _medians, seed, processes)[0], len(processes))
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


def ratio_of_medians(
    samples: Sequence[int], base: Sequence[int], *, processes: Sequence[int] = (), seed: int = 0
) -> Ratio:
    """``median(samples) / median(base)`` with its 95 % interval, for two files that were timed in the same rounds.

    The two times of a round stay together when rounds are resampled.

    Args:
        samples: Times of one file, one a round.
        base: Times of the file it is compared with, in the same rounds.
        processes: How many of the rounds each process took, one after the other. Empty: all are of one.
        seed: Of the resampling.
    """
    assert len(samples) == len(base) > 0
    both = np.stack([np.asarray(samples, dtype=np.float64), np.asarray(base, dtype=np.float64)])
    low, high = _interval(_resampled(both, _ratio, seed, processes)[0], len(processes))
    return Ratio(ratio=float(_ratio(both)[0]), low=low, high=high, verdict=verdict(low, high))


def changes(
    rounds: Samples,
    base: Samples,
    statistics: Statistics,
    *,
    processes: tuple[Sequence[int], Sequence[int]] = ((), ()),
    seed: int = 0,
) -> list[Change]:
    """How statistics of one benchmark differ from the same ones of another, which was taken at another time.

    Each is resampled by itself, as ``ratio_of_medians`` does: their rounds have nothing in common. The interval is of
    the sampling within the two benchmarks, and of their processes where there are several. What another day would
    change is not in it.

    Args:
        rounds: Times, float64 (files, rounds): the files that the statistics are of, in the rounds they share.
        base: The same files of the other benchmark, float64 (files, its rounds).
        statistics: Of such an array, or of resamples of one; positive. One change is returned for each.
        processes: How many rounds each process of the one and of the other took; empty: all are of one.
        seed: Of the resampling.
    """
    # Two seeds, so that the resamples of two equally long runs are not the same rounds.
    draws = [_resampled(each, statistics, seed + i, processes[i]) for i, each in enumerate((rounds, base))]
    found = []
    for i, (value, before) in enumerate(zip(statistics(rounds).tolist(), statistics(base).tolist(), strict=True)):
        fewest = min(len(each) for each in processes)
        low, high = _interval(draws[0][i] - draws[1][i], fewest)
        least, most = _interval(draws[0][i] / draws[1][i], fewest)
        ratio = Ratio(ratio=value / before, low=least, high=most, verdict=verdict(least, most))
        found.append(Change(difference=value - before, low=low, high=high, ratio=ratio))
    return found


def verdict(low: float, high: float) -> Verdict:
    """What an interval of a latency ratio says: a difference counts where all of it is beyond one percent."""
    if high < 1 - MARGIN:
        return "faster"
    return "slower" if low > 1 + MARGIN else "no difference seen"


def _resampled(rows: Samples, statistics: Statistics, seed: int, processes: Sequence[int] = ()) -> Samples:
    """Statistics of ``RESAMPLES`` resamples of ``rows`` (files, rounds): float64 (statistics, resamples).

    Runs that follow each other share the state of the machine (clock, caches, other load), so they are not
    independent, and an interval that takes them so is too narrow. Whole blocks of sqrt(n) rounds are resampled
    instead: the circular block bootstrap (Politis and Romano, 1992), with the percentile interval (Efron, 1979). What
    differs from process to process is in none of one's rounds, so where there are several, processes are resampled
    first, and then the rounds of each.
    """
    lengths = np.asarray(list(processes) or [rows.shape[1]])
    assert lengths.sum() == rows.shape[1]
    drawn, starts = _draws(lengths, np.random.default_rng(seed))
    found = np.empty((len(statistics(rows)), RESAMPLES))
    # Resamples are as long as the processes that were drawn for them; those of one length are computed together, in
    # parts that keep the memory small.
    totals = lengths[drawn].sum(axis=1)
    for total in np.unique(totals):
        same = np.flatnonzero(totals == total)
        part = max(1, MOST_ELEMENTS // (len(rows) * int(total)))
        for at in range(0, len(same), part):
            chosen = same[at : at + part]
            index = _rounds(lengths, drawn[chosen], np.concatenate([starts[each] for each in chosen]))
            found[:, chosen] = statistics(rows[:, index])
    return found


def _draws(lengths: Places, random: np.random.Generator) -> tuple[Places, list[Places]]:
    """Of each resample the processes (resamples, processes), and where the blocks of all of them start."""
    counts = _blocks(lengths)[1]
    if len(lengths) == 1:
        return np.zeros((RESAMPLES, 1), np.int64), list(random.integers(0, lengths[0], (RESAMPLES, int(counts[0]))))
    drawn = np.empty((RESAMPLES, len(lengths)), np.int64)
    starts = []
    for each in range(RESAMPLES):
        drawn[each] = random.integers(0, len(lengths), len(lengths))
        starts.append(random.integers(0, np.repeat(lengths[drawn[each]], counts[drawn[each]])))
    return drawn, starts


def _blocks(lengths: Places) -> tuple[Places, Places]:
    """How long a block of each process is, and how many of them hold as many rounds as it has."""
    size = np.asarray([math.isqrt(length) for length in lengths.tolist()])
    return size, -(-lengths // size)


def _rounds(lengths: Places, drawn: Places, starts: Places) -> Places:
    """The places (resamples, rounds) of the rounds of resamples of one length, from the starts of all their blocks.

    They are whole blocks of each process, whose last round is followed by its first; the last block ends with the
    process's length.
    """
    entries = drawn.reshape(-1)
    size, count = (each[entries] for each in _blocks(lengths))
    rounds = np.repeat(size, count)
    rounds[np.cumsum(count) - 1] -= size * count - lengths[entries]
    process = np.repeat(np.repeat(entries, count), rounds)
    within = np.arange(len(process)) - np.repeat(np.cumsum(rounds) - rounds, rounds)
    before = np.cumsum(lengths) - lengths
    places: Places = (np.repeat(starts, rounds) + within) % lengths[process] + before[process]
    return places.reshape(len(drawn), -1)


def _interval(draws: Samples, processes: int = 1) -> tuple[float, float]:
    """The 95 % interval of what resamples came to.

    Resamples of few processes differ less than processes do. The percentiles are moved outwards to where they hold 95 %
    for a mean of as many normal values: the expanded percentile interval (Hesterberg, "What Teachers Should Know About
    the Bootstrap", The American Statistician 69, 2015).
    """
    tail = 0.025
    if processes > 1:
        quantile = T_QUANTILES[min(processes - 1, len(T_QUANTILES)) - 1]
        tail = NormalDist().cdf(-math.sqrt(processes / (processes - 1)) * quantile)
    low, high = np.percentile(draws, [100 * tail, 100 * (1 - tail)])
    return float(low), float(high)


def _medians(rounds: Samples) -> Samples:
    return np.asarray(np.median(rounds, axis=-1))


def _ratio(both: Samples) -> Samples:
    first, second = _medians(both)
    return np.asarray([first / second])
