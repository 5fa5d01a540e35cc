import math

import numpy as np
import pytest

from edgecompress.timing import resampling
from edgecompress.timing.resampling import RESAMPLES, T_QUANTILES, interval, quantiles, resampled, t_quantile

FRACTIONS = [0.0, 0.25, 0.5, 0.9, 1.0]


def one_after_the_other(values, lengths, fractions, seed, count=RESAMPLES):
    """The same bootstrap as it is written down: a list of rounds for each resample, and its quantiles."""
    random, firsts, found = np.random.default_rng(seed), np.cumsum([0, *lengths]), []
    for _ in range(count):
        rounds = []
        for process in random.integers(0, len(lengths), len(lengths)):
            length, block = lengths[process], math.isqrt(lengths[process])
            drawn = []
            for start in random.integers(0, length, math.ceil(length / block)):
                drawn += [firsts[process] + (start + i) % length for i in range(block)]
            rounds += drawn[:length]
        found.append(np.quantile(values[rounds], fractions))
    return np.transpose(found)


@pytest.mark.parametrize("lengths", [[300], [100, 100, 100], [40, 100, 160], [1, 2, 297]])
def test_intervals_are_those_of_resamples_drawn_one_after_the_other(lengths):
    values = np.random.default_rng(8).lognormal(13, 0.2, 300)
    # As from process to process, which is what makes the second level matter.
    values *= np.repeat(1 + 0.05 * np.arange(len(lengths)), lengths)
    found = resampled(quantiles(values, FRACTIONS), lengths, seed=1)
    expected = one_after_the_other(values, lengths, FRACTIONS, seed=2, count=3 * RESAMPLES)
    assert found.shape == (len(FRACTIONS), RESAMPLES)
    for each, reference in zip(found, expected, strict=True):
        width = np.ptp(np.percentile(reference, [2.5, 97.5]))
        # Of 1,000 resamples an end wanders by about a twentieth of the interval.
        assert np.percentile(each, [2.5, 50, 97.5]) == pytest.approx(
            np.percentile(reference, [2.5, 50, 97.5]), abs=0.2 * width
        )
        assert np.std(each) == pytest.approx(np.std(reference), rel=0.15, abs=1e-9)


def test_every_resample_has_as_many_rounds_as_the_processes_that_were_drawn():
    counts = resampled(lambda counts: counts.T.astype(float), [7, 20, 33])
    parts = [counts[start:end].sum(axis=0) / (end - start) for start, end in ((0, 7), (7, 27), (27, 60))]
    assert all(np.array_equal(part, part.astype(int)) for part in parts), "whole processes"
    assert np.array_equal(sum(parts), np.full(RESAMPLES, 3))


def test_rounds_of_one_process_come_in_blocks_that_go_on_at_its_first():
    counts = resampled(lambda counts: counts.T.astype(float), [100]).T
    changes = np.abs(np.diff(np.concatenate([counts, counts[:, :1]], axis=1))).sum(axis=1)
    # Ten blocks of ten have at most twenty edges; a hundred rounds drawn one by one have about a hundred.
    assert changes.max() <= 20
    assert counts.mean(axis=0) == pytest.approx(np.ones(100), abs=0.3), "the ends are in as many as the middle"


def test_quantiles_are_numpys_of_the_rounds_as_often_as_they_count():
    random = np.random.default_rng(3)
    values, counts = random.normal(size=20), random.integers(0, 4, (50, 20))
    counts[0] = 0
    counts[0, 4] = 1
    found = quantiles(values, FRACTIONS)(counts)
    for column, count in zip(found.T, counts, strict=True):
        assert column == pytest.approx(np.quantile(np.repeat(values, count), FRACTIONS))
    assert np.isnan(quantiles(values, [0.5])(np.zeros((1, 20), np.int64))).all()


def test_resamples_are_computed_some_at_a_time(monkeypatch):
    seen = []
    monkeypatch.setattr(resampling, "MOST_ELEMENTS", 3000)
    found = resampled(lambda counts: (seen.append(counts.shape), counts.mean(axis=1)[None])[1], [100, 100])
    assert found.shape == (1, RESAMPLES)
    assert max(rows * rounds for rows, rounds in seen) <= 3000


def test_the_same_seed_gives_the_same_resamples():
    statistics = quantiles(np.random.default_rng(0).normal(size=200), [0.5])
    first, second, other = (resampled(statistics, [100, 100], seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_an_interval_of_few_processes_is_as_much_wider_as_students_t():
    draws = np.random.default_rng(0).normal(0, 1, 400_000)
    for processes in (5, 10):
        # The bootstrap's spread is that of the sample: sqrt((n - 1) / n) of what is unbiased.
        _, high = interval(draws, processes)
        assert high == pytest.approx(math.sqrt(processes / (processes - 1)) * t_quantile(processes - 1), rel=0.03)
    assert interval(draws, 1)[1] == pytest.approx(1.96, abs=0.02)


def test_the_quantiles_of_students_t_are_scipys():
    scipy_stats = pytest.importorskip("scipy.stats")
    degrees = np.arange(1, len(T_QUANTILES) + 1)
    assert pytest.approx(scipy_stats.t.ppf(0.975, degrees), abs=5e-4) == T_QUANTILES
    assert t_quantile(50) == T_QUANTILES[-1]
