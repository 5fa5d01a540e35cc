import math

import numpy as np
import pytest

from edgecompress import methods
from edgecompress.compress.prune.masks import SCOPES
from edgecompress.compress.prune.scopes.contract import ScoredLayer

SHAPES = {"convolution": (16, 8, 3, 3), "linear": (10, 16), "one": (1, 1)}


def layers(make) -> dict[str, ScoredLayer]:
    return {name: ScoredLayer(make(math.prod(shape)).astype(np.float32), shape) for name, shape in SHAPES.items()}


@pytest.mark.parametrize("name", methods.choices(SCOPES))
@pytest.mark.parametrize("sparsity", [0.0, 0.37, 0.9, 1.0])
@pytest.mark.parametrize("make", [np.random.default_rng(0).random, np.ones, np.zeros], ids=["random", "equal", "zero"])
def test_a_scope_shares_out_all_that_is_asked_and_changes_no_score(name, sparsity, make):
    given = layers(make)
    before = {layer: each.scores.copy() for layer, each in given.items()}
    counts = methods.find(SCOPES, name)(given, sparsity, limit=1.0)
    assert counts.keys() == given.keys()
    assert all(0 <= count <= given[layer].scores.size for layer, count in counts.items())
    total = sum(each.scores.size for each in given.values())
    rounding = 0 if name != "layer" else len(SHAPES)  # each layer rounds for itself there
    assert abs(sum(counts.values()) - round(sparsity * total)) <= rounding
    assert all(np.array_equal(before[layer], each.scores) for layer, each in given.items())
