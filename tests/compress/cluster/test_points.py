import numpy as np
import pytest

from edgecompress.compress.cluster.points import EXACT, chunks, distinct, gather, running


def laplace(n, seed=0):
    return np.random.default_rng(seed).laplace(size=n).astype(np.float32)


def test_few_values_are_points_themselves():
    points = gather(np.array([3, 1, 3, -2], dtype=np.float32), 2)
    assert points.x.tolist() == [-2, 1, 3]
    assert points.weights.tolist() == [1, 1, 2]
    assert points.widths.tolist() == [0, 0, 0]


def test_bins_hold_what_lies_between_their_edges():
    values = laplace(EXACT + 1)
    points = gather(values, 16)
    assert np.all(points.widths == points.widths[0])
    assert points.widths[0] == pytest.approx((values.max() - values.min()) / 65_536, rel=1e-5)
    below = np.searchsorted(np.sort(values).astype(np.float64), points.x + points.widths / 2)
    # A value next to an edge may fall to the other side by float32's rounding.
    assert np.abs(np.cumsum(points.weights) - below).max() <= 3
    assert points.weights.sum() == values.size
    assert np.average(points.x, weights=points.weights) == pytest.approx(values.mean(dtype=np.float64), abs=1e-5)


@pytest.mark.parametrize("outlier", [50.0, 1e6, -1e12, 1e30])
def test_outliers_are_points_of_their_own_and_spoil_no_bin(outlier):
    values = np.append(laplace(EXACT + 1), np.float32(outlier))
    points = gather(values, 256)
    assert points.weights.sum() == values.size
    (nearest,) = np.flatnonzero(np.abs(points.x - outlier) <= points.widths / 2 + 1e-7 * abs(outlier))
    assert points.weights[nearest] == 1
    assert points.x.size > 8 * 256
    # 256 clusters of these values are 0.03 wide where they are narrowest.
    assert points.widths.max() < 0.03 / 8
    assert np.all(np.diff(points.x) >= 0)


def test_what_bins_cannot_tell_apart_is_sorted():
    values = np.repeat(np.array([0.1, 0.2, 0.30000001, 0.3000001], dtype=np.float32), EXACT)
    points = gather(values, 4)
    assert np.array_equal(points.x, np.unique(values).astype(np.float64))
    assert points.weights.tolist() == [EXACT] * 4
    tiny = laplace(EXACT + 1) * np.float32(1e-42)
    assert np.array_equal(gather(tiny, 4).x, np.unique(tiny).astype(np.float64))
    wide = np.append(laplace(EXACT), np.array([-3e38, 3e38], dtype=np.float32))
    assert gather(wide, 4).x[[0, -1]].tolist() == [np.float32(-3e38), np.float32(3e38)]


def test_distinct_is_numpy_s_unique():
    values = np.round(laplace(5000), 1)
    points = distinct(values)
    x, counts = np.unique(values, return_counts=True)
    assert np.array_equal(points.x, x.astype(np.float64))
    assert np.array_equal(points.weights, counts)


def test_chunks_are_the_values_and_running_sums_begin_with_nothing():
    values = laplace(300_000)
    assert np.array_equal(np.concatenate(list(chunks(values))), values)
    assert running(np.array([1.0, 2.0])).tolist() == [0, 1, 3]
