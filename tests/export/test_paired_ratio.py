import numpy as np
import pytest
from scipy.stats import bootstrap

from edgecompress.export.paired_ratio import paired_ratio


@pytest.mark.parametrize("runs", [5, 6, 120, 121])
def test_interval_of_the_paired_ratio_is_scipys(runs):
    generator = np.random.default_rng(3)
    base = generator.lognormal(0, 0.3, runs)
    times = base * generator.lognormal(0.1, 0.05, runs)
    ratio, low, high = paired_ratio(times, base)
    reference = bootstrap((times / base,), np.median, method="percentile", n_resamples=5000, rng=generator)
    assert ratio == np.median(times / base)
    assert low == pytest.approx(reference.confidence_interval.low, abs=0.004)
    assert high == pytest.approx(reference.confidence_interval.high, abs=0.004)
