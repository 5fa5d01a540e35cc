"""The contract of clustering algorithms, held by every one of them."""

import numpy as np
import pytest

from edgecompress import methods
from edgecompress.compress.cluster import centroids as room
from edgecompress.compress.cluster.centroids import ALGORITHMS, centroids
from edgecompress.errors import CheckError, InputError
from edgecompress.testing.clustering import KINDS, check_clustering, values_of

METHODS = methods.choices(ALGORITHMS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_few_ascending_centroids_that_repeat_for_a_seed(method, kind):
    check_clustering(methods.find(ALGORITHMS, method), kind)


@pytest.mark.parametrize("method", METHODS)
def test_more_centroids_leave_less_than_the_variance_and_no_method_beats_the_optimum(method, reference):
    values = values_of("weights")[:1000]
    found = centroids(method, values, 8, seed=0)
    least = reference.optimum(values, 8)
    assert least * (1 - 1e-6) <= reference.inertia(values, found) < values.size * values.var()


@pytest.mark.parametrize("method", METHODS)
def test_many_values_too(method, reference):
    values = np.random.default_rng(7).laplace(size=300_000).astype(np.float32)
    found = centroids(method, values, 8, seed=0)
    assert 1 <= found.size <= 8
    assert reference.inertia(values, found) < values.size * values.var()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("values", "k"), [([0.3], 4), ([0.3] * 9, 2), ([2, -1, 2, 5], 3), ([1, 2], 256)])
def test_no_more_distinct_values_than_centroids_are_their_own(method, values, k):
    given = np.array(values, dtype=np.float32)
    assert np.array_equal(centroids(method, given, k, seed=0), np.unique(given))


@pytest.mark.parametrize("method", METHODS)
def test_few_distinct_values_are_found_though_they_are_many(method):
    values = np.full(20_000, 0.5, dtype=np.float32)
    values[-1] = -0.5
    assert centroids(method, values, 2, seed=0).tolist() == [-0.5, 0.5]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(InputError, match="NaN or infinite"):
        centroids("kmeans", np.array([1, bad, 2], dtype=np.float32), 2, seed=0)


@pytest.mark.parametrize(("size", "k"), [(0, 2), (3, 0)])
def test_nothing_to_cluster_is_refused(size, k):
    with pytest.raises(InputError, match="at least one of each"):
        centroids("kmeans", np.ones(size, dtype=np.float32), k, seed=0)


def test_an_unknown_method_lists_the_choices():
    with pytest.raises(InputError, match="did you mean 'kmeans'"):
        centroids("k-means", np.ones(2, dtype=np.float32), 1, seed=0)


@pytest.mark.parametrize("wrong", [[], [1, 2, 3], [2, 1], [1, 1], [np.nan]])
def test_a_method_that_breaks_its_contract_is_named(monkeypatch, wrong):
    monkeypatch.setattr(room.methods, "find", lambda *_: lambda values, k: np.array(wrong, dtype=np.float32))
    with pytest.raises(CheckError, match="'mine'"):
        centroids("mine", np.arange(9, dtype=np.float32), 2, seed=0)
