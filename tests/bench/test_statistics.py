import statistics as standard

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.bench.statistics import P99_SAMPLES, change, summary, verdict


@settings(max_examples=25)
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


def drifting(random, count):
    """Two files of equal speed, each with a slow wandering of its own on top of noise: autocorrelated times."""
    noise = random.standard_normal((2, count))
    drift = np.zeros((2, count))
    for i in range(1, count):
        drift[:, i] = 0.9 * drift[:, i - 1] + 0.44 * random.standard_normal(2)
    return (1e6 * np.exp(0.05 * drift + 0.02 * noise)).astype(np.int64)


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


def test_what_differs_from_process_to_process_is_in_the_interval_of_the_median_where_processes_are_told():
    def coverage(processes):
        random, inside = np.random.default_rng(6), 0
        for _ in range(40):
            times = 1e6 * (1 + 0.02 * random.standard_normal((5, 1))) * (1 + 0.01 * random.standard_normal((5, 50)))
            found = summary(times.astype(np.int64).ravel().tolist(), processes=processes)
            inside += found.p50_low <= 1e6 <= found.p50_high
        return inside / 40

    assert coverage([50] * 5) >= 0.85
    assert coverage([]) <= 0.65


def test_a_change_is_over_the_record_before_and_its_interval_that_of_both():
    random = np.random.default_rng(9)
    draws = 120 + random.standard_normal(4000), 100 + random.standard_normal(4000)
    found = change(120.0, 100.0, draws)
    assert (found.difference, found.ratio.ratio) == (20.0, 1.2)
    assert (found.low, found.high) == pytest.approx((20 - 1.96 * 2**0.5, 20 + 1.96 * 2**0.5), abs=0.25)
    assert found.ratio.low < 1.2 < found.ratio.high
    assert found.ratio.verdict == "slower"
    assert change(120.0, 100.0, draws, processes=5).low < found.low


def test_one_process_is_the_same_told_or_not():
    samples = list(range(100, 300))
    assert summary(samples) == summary(samples, processes=[200])
