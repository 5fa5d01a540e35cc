import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.compress.prune import threshold
from edgecompress.compress.prune.threshold import count_below, count_equal, kth_lowest

SIZE = 3 * threshold.SAMPLE + 17


def cut(scores: np.ndarray) -> list[np.ndarray]:
    return [part.copy() for part in np.split(scores, [5, 5, 1000, 150_000])]


def distribution(name: str) -> np.ndarray:
    generator = np.random.default_rng(1)
    scores = generator.laplace(size=SIZE).astype(np.float32)
    if name == "ascending":
        return np.sort(scores)
    if name == "mostly pruned":
        return np.where(generator.random(SIZE) < 0.9, np.float32(-np.inf), scores)
    if name == "few values":
        return np.round(scores)
    if name == "all equal":
        return np.full(SIZE, np.float32(0.5))
    if name == "outliers":
        scores[:10] = np.float32(3e38) * np.array([1, -1] * 5, dtype=np.float32)
        return scores
    if name == "infinite above":
        return np.where(generator.random(SIZE) < 0.5, np.float32(np.inf), scores)
    return scores


@pytest.mark.parametrize(
    "name", ["laplace", "ascending", "mostly pruned", "few values", "all equal", "outliers", "infinite above"]
)
def test_it_is_what_a_sort_says_at_every_fraction(name):
    scores = distribution(name)
    ordered, parts = np.sort(scores), cut(scores)
    for k in [1, 2, SIZE // 100, SIZE // 2, int(0.9 * SIZE), int(0.901 * SIZE), int(0.999 * SIZE), SIZE - 1, SIZE]:
        found = kth_lowest(parts, k)
        assert found == ordered[k - 1]
        assert found.dtype == np.float32
    assert all(np.array_equal(a, b) for a, b in zip(parts, cut(scores), strict=True)), "nothing is changed"


@pytest.mark.parametrize("k", [1, SIZE // 2, SIZE])
@pytest.mark.parametrize("wrong", [-1e30, -1.0, 1.0, 1e30])
def test_a_sample_that_misleads_costs_time_and_not_exactness(monkeypatch, wrong, k):
    sample = np.full(threshold.SAMPLE, wrong, dtype=np.float32)
    monkeypatch.setattr(threshold, "_sample", lambda parts, total: sample)
    scores = distribution("laplace")
    assert kth_lowest(cut(scores), k) == np.sort(scores)[k - 1]


@given(
    st.lists(st.lists(st.sampled_from([-np.inf, -1.0, -0.0, 0.0, 0.5, 2.0]), max_size=20), min_size=1, max_size=5),
    st.data(),
)
def test_few_scores_with_many_ties(values, data):
    parts = [np.array(part, dtype=np.float32) for part in values]
    everything = np.sort(np.concatenate(parts))
    if everything.size:
        k = data.draw(st.integers(1, everything.size))
        assert kth_lowest(parts, k) == everything[k - 1]


def test_counts_go_over_every_piece():
    scores = distribution("few values")
    assert count_below(scores, np.float32(1)) == int((scores < 1).sum())
    assert count_equal(scores, np.float32(1)) == int((scores == 1).sum())
