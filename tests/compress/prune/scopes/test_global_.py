import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.compress.prune.scopes.contract import ScoredLayer
from edgecompress.compress.prune.scopes.global_ import global_
from edgecompress.errors import InputError

LISTS = st.lists(st.lists(st.sampled_from([-np.inf, 0.0, 0.25, 0.5, 1.0]), max_size=15), min_size=1, max_size=4)


def layers(*scores: list[float]) -> dict[str, ScoredLayer]:
    return {str(i): ScoredLayer(np.array(each, dtype=np.float32), (1, len(each))) for i, each in enumerate(scores)}


@given(LISTS, st.floats(0, 1))
def test_counts_are_those_of_a_stable_sort_of_everything(values, sparsity):
    counts = global_(layers(*values), sparsity, limit=1.0)
    owners = np.repeat(np.arange(len(values)), [len(each) for each in values])
    order = np.argsort(np.concatenate([*values, []]), kind="stable")
    lowest = owners[order[: round(sparsity * owners.size)]]
    assert counts == {str(i): int((lowest == i).sum()) for i in range(len(values))}


def test_a_layer_beyond_the_limit_is_held_and_the_others_give_what_it_keeps():
    given_layers = layers([0.1] * 10, list(np.linspace(1, 2, 10)), list(np.linspace(1.5, 3, 20)))
    assert global_(given_layers, 0.5, limit=1.0)["0"] == 10
    counts = global_(given_layers, 0.5, limit=0.6)
    assert counts["0"] == 6
    assert sum(counts.values()) == 20
    assert max(counts["1"] / 10, counts["2"] / 20) <= 0.6


def test_what_the_limit_forbids_is_said():
    with pytest.raises(InputError, match="raise layer_limit"):
        global_(layers([1.0] * 10), 0.95, limit=0.9)
