import numpy as np
import pytest
from scipy.stats import bootstrap

from edgecompress.compress.drop import paired


def answers(lost: int, won: int, both: int, neither: int):
    pairs = [(1, 0)] * lost + [(0, 1)] * won + [(1, 1)] * both + [(0, 0)] * neither
    return np.array(pairs, dtype=bool).T


@pytest.mark.parametrize("counts", [(9, 3, 80, 8), (40, 25, 900, 35), (0, 2, 97, 1)])
def test_the_interval_is_that_of_a_paired_bootstrap(counts):
    dense, compressed = answers(*counts)
    drop = paired(dense, compressed)
    assert drop.points == pytest.approx(100 * (dense.mean() - compressed.mean()))
    reference = bootstrap(
        (100.0 * (dense.astype(float) - compressed),), np.mean, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    one = 100 / len(dense)
    assert drop.low == pytest.approx(reference.low, abs=one)
    assert drop.high == pytest.approx(reference.high, abs=one)


def test_what_both_get_wrong_adds_no_spread():
    alike = answers(0, 0, 50, 50)
    assert paired(*alike).model_dump() == {"points": 0.0, "low": 0.0, "high": 0.0}
