"""The one ratio of latencies, and its one 95 % interval, for files that were timed in the same rounds.

**Ratio.** Round r runs every file once, in one order for even r and in reverse for odd r. The ratio is taken round by
round, so that a slow moment of the machine, which is in both times of a round, cancels; then the median over the rounds
of each order, so that a run which something held up counts no more than another; then the geometric mean of the two
orders, and of all processes: A over B is then the inverse of B over A (Fleming and Wallace, "How Not to Lie with
Statistics", CACM 29, 1986).

The orders are kept apart because a file that runs twice in succession finds its caches warm. For it, the ratios of one
order are up to a fifth above the truth in small files, and those of the other as much below. The median of all rounds'
ratios, and the ratio of both files' medians, lie in the gap between two such groups, where few samples are, and wander.

**Interval.** Where a process has its memory moves all its times, and no number of runs in it shows that. So each of
several processes gives one value, and the interval is Student's t of their logarithms (Georges, Buytaert and Eeckhout,
"Statistically Rigorous Java Performance Evaluation", OOPSLA 2007; Kalibera and Jones, "Rigorous Benchmarking in
Reasonable Time", ISMM 2013). What drifts within a process is in how these values differ, so it is not counted again, as
a bootstrap of processes and then of their rounds does. Of one process, blocks of rounds are resampled (``resampling``),
because rounds that follow each other are alike; the interval is of that process alone.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edgecompress.timing.resampling import (
    RESAMPLES,
    Counts,
    Floats,
    Statistics,
    interval,
    quantiles,
    resampled,
    t_quantile,
)


class LatencyRatio(NamedTuple):
    """A ratio of latencies with its 95 % interval."""

    ratio: float
    low: float
    high: float


def latency_ratio(
    times: Sequence[int] | Floats, base: Sequence[int] | Floats, *, processes: Sequence[int] = (), seed: int = 0
) -> LatencyRatio:
    """How long one file takes over another that was timed in the same rounds, with its 95 % interval.

    Args:
        times: Times of the one file, one a round, in nanoseconds.
        base: Times of the other, in the same rounds.
        processes: How many of the rounds each process took, one after the other. Empty: all are of one.
        seed: Of the resampling.
    """
    logs = _by_process(times, base, processes)
    centers = [_center(each) for each in logs]
    center = float(np.mean(centers))
    if len(logs) == 1:
        low, high = interval(_resampled(logs[0], seed))
    else:
        reach = t_quantile(len(logs) - 1) * float(np.std(centers, ddof=1)) / math.sqrt(len(logs))
        low, high = center - reach, center + reach
    return LatencyRatio(math.exp(center), math.exp(low), math.exp(high))


def ratio_draws(
    times: Sequence[int] | Floats, base: Sequence[int] | Floats, *, processes: Sequence[int] = (), seed: int = 0
) -> Floats:
    """What ``latency_ratio`` could have come to as well, (resamples,): for what is computed from more than one ratio.

    Their 2.5 % and 97.5 % percentiles are the ends of its interval. The arguments are as there.
    """
    logs = _by_process(times, base, processes)
    if len(logs) == 1:
        return np.asarray(np.exp(_resampled(logs[0], seed)))
    centers = [_center(each) for each in logs]
    spread = float(np.std(centers, ddof=1)) / math.sqrt(len(logs))
    draws = np.random.default_rng(seed).standard_t(len(logs) - 1, RESAMPLES)
    return np.asarray(np.exp(np.mean(centers) + spread * draws))


def _by_process(times: Sequence[int] | Floats, base: Sequence[int] | Floats, processes: Sequence[int]) -> list[Floats]:
    """The logarithms of the ratios of all rounds, an array a process."""
    assert len(times) == len(base) > 0
    # Below one step of the clock a time is 0, and no time is.
    first, second = (np.maximum(np.asarray(each, dtype=np.float64), 1) for each in (times, base))
    ends = np.cumsum(processes or [len(first)])
    assert ends[-1] == len(first)
    return np.split(np.log(first / second), ends[:-1])


def _center(logs: Floats) -> float:
    """The mean of both orders' medians; of a single round there is one order."""
    return float(np.mean([np.median(each) for each in (logs[::2], logs[1::2]) if len(each)]))


def _resampled(logs: Floats, seed: int) -> Floats:
    """``_center`` of resamples of a process's rounds."""
    found: Floats = resampled(_centers(logs), [len(logs)], seed=seed)[0]
    return found


def _centers(logs: Floats) -> Statistics:
    medians = [quantiles(each, [0.5]) for each in (logs[::2], logs[1::2]) if len(each)]

    def statistics(counts: Counts) -> Floats:
        found = [median(counts[:, first::2])[0] for first, median in enumerate(medians)]
        # Of very few rounds all can be of one order.
        return np.asarray(np.nanmean(found, axis=0, keepdims=True), np.float64)

    return statistics
