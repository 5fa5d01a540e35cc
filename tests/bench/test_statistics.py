import math
import statistics as standard

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.bench.statistics import (
    P99_SAMPLES,
    RESAMPLES,
    T_QUANTILES,
    _resampled,
    ratio_of_medians,
    summary,
    verdict,
)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 10**12), min_size=2, max_size=300))
def test_a_summary_is_what_the_standard_library_computes(samples):
    found = summary(samples)
    cuts = standard.quantiles(samples, n=100, method="inclusive")
    assert found.samples == len(samples)
    for percentile, value in ((50, found.p50), (90, found.p90), (95, found.p95)):
        assert value == pytest.approx(cuts[percentile - 1])
    assert (found.min, found.max) == (min(samples), max(samples))
    assert found.mean == pytest.approx(standard.mean(samples))
    assert found.std == pytest.approx(standard.stdev(samples), rel=1e-6, abs=1e-3)


def test_a_99th_percentile_needs_enough_samples():
    assert summary(range(1, P99_SAMPLES)).p99 is None
    samples = range(1, P99_SAMPLES + 1)
    assert summary(samples).p99 == pytest.approx(standard.quantiles(samples, n=100, method="inclusive")[98])


def test_one_sample_is_its_own_summary():
    found = summary([5])
    assert (found.p50, found.p90, found.mean, found.std) == (5, 5, 5, 0)


def independent(random, count=400, scale=1.0):
    return (scale * random.lognormal(13, 0.2, count)).astype(np.int64)


def test_for_independent_samples_the_interval_is_that_of_scipys_bootstrap():
    scipy_stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(3)
    times, base = independent(random), independent(random, scale=1.1)
    found = ratio_of_medians(times.tolist(), base.tolist())
    reference = scipy_stats.bootstrap(
        (times, base),
        lambda a, b, axis: np.median(a, axis=axis) / np.median(b, axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=2000,
        random_state=1,
    ).confidence_interval
    assert found.ratio == np.median(times) / np.median(base)
    width = reference.high - reference.low
    assert abs(found.low - reference.low) < 0.3 * width
    assert abs(found.high - reference.high) < 0.3 * width


def drifting(random, count):
    """Two files of equal speed, each with a slow wandering of its own on top of noise: autocorrelated times."""
    noise = random.standard_normal((2, count))
    drift = np.zeros((2, count))
    for i in range(1, count):
        drift[:, i] = 0.9 * drift[:, i - 1] + 0.44 * random.standard_normal(2)
    return (1e6 * np.exp(0.05 * drift + 0.02 * noise)).astype(np.int64)


def covered(random, count, repeats, interval):
    hits = 0
    for _ in range(repeats):
        first, second = drifting(random, count)
        low, high = interval(first, second)
        hits += low <= 1 <= high
    return hits / repeats


def test_for_samples_that_hang_together_the_interval_still_covers_the_truth():
    def blocks(first, second):
        found = ratio_of_medians(first.tolist(), second.tolist())
        return found.low, found.high

    def single(first, second):
        random = np.random.default_rng(0)
        picks = random.integers(0, len(first), (300, len(first)))
        ratios = np.median(first[picks], axis=1) / np.median(second[picks], axis=1)
        return np.percentile(ratios, [2.5, 97.5])

    # Of a 95 % interval: blocks come near it, rounds taken one by one are far from it.
    assert covered(np.random.default_rng(5), 1024, 40, blocks) >= 0.7
    assert covered(np.random.default_rng(5), 1024, 40, single) <= 0.6


def test_the_interval_of_the_median_covers_it_and_is_that_of_blocks():
    hits = 0
    random = np.random.default_rng(6)
    for _ in range(40):
        found = summary(drifting(random, 1024)[0].tolist())
        assert found.p50_low <= found.p50 <= found.p50_high
        hits += found.p50_low <= 1e6 <= found.p50_high
    # As with the ratio's: near 95 %, where resampling runs one by one gives less than 60 %.
    assert hits / 40 >= 0.7


def test_for_independent_samples_the_interval_of_the_median_is_that_of_order_statistics():
    samples = independent(np.random.default_rng(7), 1000)
    found = summary(samples.tolist())
    ordered = np.sort(samples)
    # David and Nagaraja, Order Statistics, 7.1: the ranks n/2 +- 1.96 sqrt(n)/2 hold the median in 95 % of the cases.
    low, high = ordered[500 - 31], ordered[500 + 31]
    assert (found.p50_high - found.p50_low) / (high - low) == pytest.approx(1, abs=0.35)


def test_the_same_seed_gives_the_same_interval():
    times, base = independent(np.random.default_rng(1)), independent(np.random.default_rng(2))
    first, second, other = (ratio_of_medians(times.tolist(), base.tolist(), seed=seed) for seed in (0, 0, 1))
    assert first == second
    assert first != other


def test_a_clear_difference_is_called_one():
    random = np.random.default_rng(4)
    base = independent(random)
    assert ratio_of_medians((base // 2).tolist(), base.tolist()).verdict == "faster"
    assert ratio_of_medians((base * 2).tolist(), base.tolist()).verdict == "slower"
    assert ratio_of_medians(base.tolist(), base.tolist()).verdict == "no difference seen"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.5, 0.98, "faster"),
        (0.5, 0.995, "no difference seen"),
        (0.9, 1.1, "no difference seen"),
        (1.005, 1.2, "no difference seen"),
        (1.02, 1.2, "slower"),
    ],
)
def test_a_difference_counts_beyond_one_percent(low, high, said):
    assert verdict(low, high) == said


def by_process(random, processes, count, spread):
    """Two files of equal speed, each faster or slower in each process by a part that stays the same within it."""
    shift = 1 + spread * random.standard_normal((2, processes, 1))
    noise = 1 + 0.01 * random.standard_normal((2, processes, count))
    return (1e6 * shift * noise).reshape(2, -1).astype(np.int64)


def test_what_differs_from_process_to_process_is_in_the_interval_where_processes_are_told():
    def coverage(processes):
        random = np.random.default_rng(6)

        def interval(first, second):
            found = ratio_of_medians(first.tolist(), second.tolist(), processes=processes)
            return found.low, found.high

        inside = 0
        for _ in range(40):
            low, high = interval(*by_process(random, 5, 50, 0.02))
            inside += low <= 1 <= high
        return inside / 40

    assert coverage([50] * 5) >= 0.85
    assert coverage([]) <= 0.65


def test_the_quantiles_are_scipys():
    scipy_stats = pytest.importorskip("scipy.stats")
    degrees = np.arange(1, len(T_QUANTILES) + 1)
    assert pytest.approx(scipy_stats.t.ppf(0.975, degrees), abs=5e-4) == T_QUANTILES


@pytest.mark.parametrize("processes", [[150], [50, 50, 50], [33, 50, 67]])
def test_resamples_computed_together_are_those_of_one_after_the_other(processes):
    times, base = independent(np.random.default_rng(8), 150), independent(np.random.default_rng(9), 150)
    random, firsts, ratios = np.random.default_rng(0), np.cumsum([0, *processes]), []
    for _ in range(RESAMPLES):
        rounds = []
        drawn = random.integers(0, len(processes), len(processes)) if len(processes) > 1 else [0]
        for process in drawn:
            length, block = processes[process], math.isqrt(processes[process])
            for start in random.integers(0, length, math.ceil(length / block)):
                rounds += [firsts[process] + (start + i) % length for i in range(block)]
            del rounds[len(rounds) - (math.ceil(length / block) * block - length) :]
        ratios.append(np.median(times[rounds]) / np.median(base[rounds]))
    statistic = lambda both: np.asarray([np.divide(*np.median(both, axis=-1))])  # noqa: E731
    found = _resampled(np.stack([times, base]).astype(float), statistic, 0, processes)
    assert found[0].tolist() == ratios


def test_one_process_is_the_same_told_or_not():
    samples = list(range(100, 300))
    assert summary(samples) == summary(samples, processes=[200])
