"""The bootstrap of times that were taken in rounds, in one process or several, and its 95 % interval.

Runs that follow each other share the state of the machine (clock, caches, other load), so they are not independent,
and an interval that takes them so is too narrow. Whole blocks of sqrt(n) rounds are resampled instead: the circular
block bootstrap (Politis and Romano, 1992). What differs from process to process is in none of one's rounds, so where
there are several, processes are resampled first, and then the rounds of each.

A resample is kept as how often each round is in it, not as a list of times: its quantiles are read from running sums
over the sorted times. Many resamples are computed at once, whatever the lengths of their processes.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Statistics = Callable[[Counts], Floats]
"""From how often each round counts, (resamples, rounds), to statistics of the times, (statistics, resamples)."""

RESAMPLES = 1000
MOST_ELEMENTS = 1 << 16  # of resamples that are computed at once: an array of them stays in the cache
# 97.5 % quantiles of Student's t for 1 to 20 degrees of freedom.
T_QUANTILES = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)


def resampled(statistics: Statistics, lengths: Sequence[int], *, seed: int = 0) -> Floats:
    """Statistics of ``RESAMPLES`` resamples, (statistics, resamples).

    Args:
        statistics: What is computed of each.
        lengths: How many rounds each process has, one process after the other.
        seed: Of the resampling.
    """
    return np.concatenate([statistics(counts) for counts in _resamples(lengths, seed)], axis=1)


def interval(draws: Floats, processes: int = 1) -> tuple[float, float]:
    """The 95 % interval of what resamples came to: percentiles (Efron, 1979).

    Resamples of few processes differ less than processes do. The percentiles are moved outwards to where they hold 95 %
    for a mean of as many normal values: the expanded percentile interval (Hesterberg, "What Teachers Should Know About
    the Bootstrap", The American Statistician 69, 2015).
    """
    tail = 0.025
    if processes > 1:
        tail = NormalDist().cdf(-math.sqrt(processes / (processes - 1)) * t_quantile(processes - 1))
    low, high = np.percentile(draws, [100 * tail, 100 * (1 - tail)])
    return float(low), float(high)


def t_quantile(degrees: int) -> float:
    """The 97.5 % quantile of Student's t for at least one degree of freedom; past 20 that of 20, which is wider."""
    return T_QUANTILES[min(degrees, len(T_QUANTILES)) - 1]


def quantiles(values: Floats, fractions: Sequence[float]) -> Statistics:
    """What takes quantiles of ``values`` (rounds,), interpolated linearly as NumPy's; NaN of a resample without any.

    ``fractions`` are between 0 and 1.
    """
    order = np.argsort(values)
    return partial(_quantiles, values[order], order, fractions)


def _quantiles(ordered: Floats, order: Counts, fractions: Sequence[float], counts: Counts) -> Floats:
    # One running sum over all resamples: it ascends, and one search in it finds the place in each.
    sums = np.cumsum(np.take(counts, order, axis=1))
    ends = sums[len(ordered) - 1 :: len(ordered)]
    totals = np.diff(ends, prepend=0)
    firsts = np.arange(len(counts)) * len(ordered)

    def value(ranks: Counts) -> Floats:
        places = np.searchsorted(sums, ranks + ends - totals, side="right") - firsts
        found: Floats = ordered[np.clip(places, 0, len(ordered) - 1)]
        return found

    made = np.empty((len(fractions), len(counts)))
    for row, fraction in zip(made, fractions, strict=True):
        place = fraction * np.maximum(totals - 1, 0)
        below = np.floor(place).astype(np.int64)
        low, high = value(below), value(np.minimum(below + 1, np.maximum(totals - 1, 0)))
        row[:] = np.where(totals > 0, low + (high - low) * (place - below), np.nan)
    return made


def _resamples(lengths: Sequence[int], seed: int) -> Iterator[Counts]:
    """How often each round is in each resample, (resamples, rounds), some resamples at a time."""
    random = np.random.default_rng(seed)
    part = max(1, MOST_ELEMENTS // sum(lengths))
    for start in range(0, RESAMPLES, part):
        size = min(part, RESAMPLES - start)
        drawn = random.integers(0, len(lengths), (size, len(lengths)))
        yield np.concatenate(
            [_blocks(length, (drawn == each).sum(axis=1), random) for each, length in enumerate(lengths)], axis=1
        )


def _blocks(length: int, copies: Counts, random: np.random.Generator) -> Counts:
    """How often each of a process's rounds is in resamples that have some copies of it, (resamples, length).

    A copy is blocks whose last round is followed by the process's first; the last block ends with its length.
    """
    size = math.isqrt(length)
    number = -(-length // size)
    rows = np.repeat(np.arange(len(copies)), copies)
    starts = random.integers(0, length, (len(rows), number))
    sizes = np.full(number, size)
    sizes[-1] -= size * number - length
    # One more where a block starts, one less after its end; past the last round it goes on at the first.
    width = length + size
    at = rows[:, None] * width + starts
    edges = np.bincount(at.ravel(), minlength=len(copies) * width)
    edges -= np.bincount((at + sizes).ravel(), minlength=len(copies) * width)
    counts = np.cumsum(edges.reshape(-1, width), axis=1)
    counts[:, :size] += counts[:, length:]
    return counts[:, :length]
