import math

import numpy as np
import pytest

from edgecompress.timing.ratio import latency_ratio, ratio_draws

PROCESSES, ROUNDS = 5, 60


def lognormal(random, count=400, scale=1.0):
    return (scale * random.lognormal(13, 0.2, count)).astype(np.int64)


def taking_turns(random, *, shared=0.0, own=0.0, process=0.0, order=0.0):
    """Two files of equal speed, times (2, processes * rounds): noise, and what the machine adds to it.

    ``shared``: a slow wandering of both; ``own``: one of each; ``process``: what a process adds to each for as long as
    it lives; ``order``: what the file takes longer that runs after the other.
    """
    logs = 0.02 * random.standard_normal((2, PROCESSES, ROUNDS))
    drift = np.zeros((3, PROCESSES, ROUNDS))
    for i in range(1, ROUNDS):
        drift[..., i] = 0.9 * drift[..., i - 1] + 0.44 * random.standard_normal((3, PROCESSES))
    logs += shared * drift[2] + own * drift[:2] + process * random.standard_normal((2, PROCESSES, 1))
    logs[0, :, 1::2] += order
    logs[1, :, ::2] += order
    return (1e6 * np.exp(logs)).reshape(2, -1)


def covered(repeats=60, processes=(ROUNDS,) * PROCESSES, take=None, **machine):
    """How often the interval holds the truth, and the root mean square error, in logarithms."""
    random = np.random.default_rng(5)
    hits, errors = 0, []
    for _ in range(repeats):
        times, base = taking_turns(random, **machine)[:, :take]
        found = latency_ratio(times, base, processes=processes)
        hits += found.low <= 1 <= found.high
        errors.append(math.log(found.ratio))
    return hits / repeats, float(np.sqrt(np.mean(np.square(errors))))


@pytest.mark.parametrize(
    "machine",
    [{}, {"shared": 0.05}, {"own": 0.05}, {"process": 0.02}, {"order": 0.2}, {"shared": 0.1, "process": 0.02}],
    ids=str,
)
def test_of_several_processes_the_interval_holds_the_truth_whatever_the_machine_adds(machine):
    hits, _ = covered(**machine)
    assert 0.88 <= hits <= 1


@pytest.mark.parametrize("machine", [{}, {"shared": 0.05}, {"order": 0.2}], ids=str)
def test_of_one_process_the_interval_holds_the_truth_where_its_rounds_are_alike(machine):
    hits, _ = covered(processes=(), take=ROUNDS, **machine)
    assert hits >= 0.85


def test_what_differs_from_process_to_process_is_in_the_interval_only_where_they_are_told():
    assert covered(process=0.02)[0] >= 0.88
    assert covered(processes=(), process=0.02)[0] <= 0.75


def test_a_slow_moment_of_the_machine_cancels():
    random = np.random.default_rng(6)
    times, base = taking_turns(random, shared=0.1)
    found = latency_ratio(times, base)
    assert abs(math.log(found.ratio)) < 0.3 * abs(math.log(np.median(times[:40]) / np.median(base[-40:])))
    # As wide as without it: the wandering is in both times of each round.
    calm = latency_ratio(*taking_turns(np.random.default_rng(6)))
    assert math.log(found.high / found.low) == pytest.approx(math.log(calm.high / calm.low), rel=0.5)


def test_the_file_that_finds_its_caches_warm_is_not_the_faster_one():
    _, error = covered(order=0.2)
    random = np.random.default_rng(5)
    pairs, medians = [], []
    for _ in range(60):
        times, base = taking_turns(random, order=0.2)
        pairs.append(math.log(np.median(times / base)))
        medians.append(math.log(np.median(times) / np.median(base)))
    for other in (pairs, medians):
        assert error < 0.5 * np.sqrt(np.mean(np.square(other)))


def test_runs_that_something_held_up_do_not_count_for_more():
    random = np.random.default_rng(7)
    base = 1e6 * np.exp(0.01 * random.standard_normal(400))
    times = 1.2 * 1e6 * np.exp(0.01 * random.standard_normal(400))
    times[random.integers(0, 400, 60)] *= 50
    assert latency_ratio(times, base).ratio == pytest.approx(1.2, rel=0.01)


@pytest.mark.parametrize("processes", [(), (100, 300), (133, 133, 134)])
def test_over_the_other_it_is_the_inverse(processes):
    times, base = lognormal(np.random.default_rng(1)), lognormal(np.random.default_rng(2), scale=1.1)
    one, other = (latency_ratio(*both, processes=processes) for both in ((times, base), (base, times)))
    assert one.ratio == pytest.approx(1 / other.ratio)
    assert (one.low, one.high) == pytest.approx((1 / other.high, 1 / other.low))
    assert one.low <= one.ratio <= one.high


def test_for_independent_rounds_the_interval_is_that_of_scipys_bootstrap():
    scipy_stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(3)
    times, base = lognormal(random), lognormal(random, scale=1.1)
    ratios = times / base
    reference = scipy_stats.bootstrap(
        (ratios[::2], ratios[1::2]),
        lambda a, b, axis: np.sqrt(np.median(a, axis=axis) * np.median(b, axis=axis)),
        vectorized=True,
        method="percentile",
        n_resamples=2000,
        random_state=1,
    ).confidence_interval
    found = latency_ratio(times, base)
    assert found.ratio == pytest.approx(math.sqrt(np.median(ratios[::2]) * np.median(ratios[1::2])))
    width = reference.high - reference.low
    assert found.low == pytest.approx(reference.low, abs=0.3 * width)
    assert found.high == pytest.approx(reference.high, abs=0.3 * width)


def test_of_several_processes_the_interval_is_scipys_t():
    scipy_stats = pytest.importorskip("scipy.stats")
    times, base = taking_turns(np.random.default_rng(4), process=0.03)
    found = latency_ratio(times, base, processes=(ROUNDS,) * PROCESSES)
    logs = np.log(times / base).reshape(PROCESSES, -1)
    values = (np.median(logs[:, ::2], axis=1) + np.median(logs[:, 1::2], axis=1)) / 2
    low, high = scipy_stats.t.interval(0.95, PROCESSES - 1, values.mean(), scipy_stats.sem(values))
    assert (found.low, found.high) == pytest.approx((math.exp(low), math.exp(high)), rel=1e-4)


@pytest.mark.parametrize("processes", [(), (ROUNDS,) * PROCESSES])
def test_draws_are_as_wide_as_the_interval(processes):
    times, base = taking_turns(np.random.default_rng(8), process=0.03)
    found = latency_ratio(times, base, processes=processes)
    low, high = np.percentile(ratio_draws(times, base, processes=processes), [2.5, 97.5])
    assert (low, high) == pytest.approx((found.low, found.high), abs=0.2 * (found.high - found.low))


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_of_very_few_rounds_there_is_a_ratio_too(count):
    found = latency_ratio([300] * count, [200] * count)
    assert found == pytest.approx((1.5, 1.5, 1.5))


def test_a_time_below_one_step_of_the_clock_is_one_step():
    assert latency_ratio([0, 0], [2, 2]).ratio == pytest.approx(0.5)


def test_the_same_seed_gives_the_same_interval():
    times, base = lognormal(np.random.default_rng(1)), lognormal(np.random.default_rng(2))
    first, second, other = (latency_ratio(times, base, seed=seed) for seed in (0, 0, 1))
    assert first == second
    assert first != other
