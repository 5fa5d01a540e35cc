import numpy as np
import pytest

from edgecompress.compress.cluster.labels import inertia, nearest

MANY = 200_000


def brute(values, centroids):
    """The distances to every centroid, in double precision."""
    parts = np.array_split(values.astype(np.float64), max(1, len(values) // 5000))
    return np.concatenate([np.abs(part[:, None] - centroids.astype(np.float64)).argmin(1) for part in parts])


def centroids_of(kind: str, k: int, generator) -> np.ndarray:
    made = {
        "spread": lambda: generator.normal(size=k),
        "one far off": lambda: np.append(generator.normal(size=k - 1), 1e6),
        "close": lambda: 1 + 1e-6 * np.arange(k),
        "all above": lambda: 100 + np.arange(k),
    }[kind]()
    return np.unique(made.astype(np.float32))


@pytest.mark.parametrize("k", [1, 2, 3, 31, 256, 300])
@pytest.mark.parametrize("kind", ["spread", "one far off", "close", "all above"])
@pytest.mark.parametrize("n", [0, 7, MANY])
def test_no_other_centroid_is_nearer(kind, k, n):
    generator = np.random.default_rng(k)
    centroids = centroids_of(kind, k, generator)
    values = generator.normal(size=n).astype(np.float32)
    labels = nearest(values, centroids)
    assert labels.dtype == (np.uint8 if len(centroids) <= 256 else np.uint16)
    wide, double = values.astype(np.float64), centroids.astype(np.float64)
    taken, best = (np.abs(wide - double[index]) for index in (labels, brute(values, centroids) if n else labels))
    # A boundary is a float32 too: to both sides of it the distances differ by less than its last place.
    assert np.all(taken <= best * (1 + 1e-6) + 1e-6 * np.abs(wide))


def test_a_value_in_the_middle_goes_to_the_lower():
    assert nearest(np.array([0.5, 1.5], dtype=np.float32), np.arange(3, dtype=np.float32)).tolist() == [0, 1]
    many = np.full(MANY, 1.5, dtype=np.float32)
    assert set(nearest(many, np.arange(9, dtype=np.float32)).tolist()) == {1}


def test_the_largest_and_the_smallest_floats_overflow_nothing():
    largest, smallest = np.finfo(np.float32).max, np.float32(1e-44)
    values = np.tile(np.array([-largest, largest, smallest, 0], dtype=np.float32), MANY)
    centroids = np.array([-largest, -smallest, smallest, largest], dtype=np.float32)
    assert nearest(values, centroids)[:3].tolist() == [0, 3, 2]


def test_inertia_is_the_sum_of_squares():
    generator = np.random.default_rng(3)
    values, centroids = generator.normal(size=MANY).astype(np.float32), np.array([-1, 0, 2], dtype=np.float32)
    expected = (np.abs(values[:, None].astype(np.float64) - centroids).min(1) ** 2).sum()
    assert inertia(values, centroids) == pytest.approx(expected, rel=1e-9)
