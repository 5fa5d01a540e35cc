import numpy as np
import pytest

from edgecompress.testing import check_clustering


def drawn(values, k):
    return np.unique(np.random.default_rng().choice(values, k))


def sorting(values, k):
    values.sort()
    return values[:1].copy()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda values, k: np.unique(values)[: k + 1], "2 centroids of the values 'weights' and k = 1"),
        (lambda values, k: np.unique(values)[:k][::-1], "k = 2 do not ascend"),
        (lambda values, k: values[:0], "0 centroids"),
        (lambda values, k: [0.0], "are no array"),
        (lambda values, k: np.array([np.nan]), "not finite"),
        (drawn, "differ from call to call"),
        (sorting, "the values were changed"),
    ],
)
def test_what_breaks_the_contract_is_named(wrong, said):
    with pytest.raises(AssertionError, match=said):
        check_clustering(wrong)
