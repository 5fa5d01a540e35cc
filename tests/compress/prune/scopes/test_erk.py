import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.compress.prune.scopes.contract import ScoredLayer
from edgecompress.compress.prune.scopes.erk import erk
from edgecompress.errors import InputError

VGG = [(64, 3, 3, 3), (128, 64, 3, 3), (256, 128, 3, 3), (512, 512, 3, 3), (10, 512)]


def layers(shapes) -> dict[str, ScoredLayer]:
    return {str(i): ScoredLayer(np.ones(math.prod(shape), np.float32), tuple(shape)) for i, shape in enumerate(shapes)}


def by_bisection(shapes, sparsity: float) -> list[float]:
    """Densities min(1, epsilon * sum / product), with the epsilon that meets the sparsity found by bisection."""
    raw = [sum(shape) / math.prod(shape) for shape in shapes]
    sizes = [math.prod(shape) for shape in shapes]
    low, high = 0.0, 1 / min(raw)
    for _ in range(200):
        epsilon = (low + high) / 2
        kept = sum(min(1.0, epsilon * r) * n for r, n in zip(raw, sizes, strict=True))
        low, high = (epsilon, high) if kept < (1 - sparsity) * sum(sizes) else (low, epsilon)
    return [min(1.0, high * r) for r in raw]


@pytest.mark.parametrize("sparsity", [0.05, 0.5, 0.9, 0.99])
def test_densities_follow_the_paper_s_formula(sparsity):
    counts = erk(layers(VGG), sparsity, limit=1.0)
    for shape, count, density in zip(VGG, counts.values(), by_bisection(VGG, sparsity), strict=True):
        assert 1 - count / math.prod(shape) == pytest.approx(density, abs=1.5 / math.prod(shape))
    assert (counts["0"] == 0) == (sparsity < 0.99), "the small first layer stays dense for long"


@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 3)), min_size=1, max_size=6),
    st.floats(0, 1),
)
def test_the_sum_is_exact_and_no_layer_gives_more_than_it_has(shapes, sparsity):
    given_layers = layers(shapes)
    counts = erk(given_layers, sparsity, limit=1.0)
    assert sum(counts.values()) == round(sparsity * sum(map(math.prod, shapes)))
    assert all(0 <= counts[name] <= layer.scores.size for name, layer in given_layers.items())


def test_the_limit_holds():
    assert max(erk(layers([(100, 100), (4, 4)]), 0.9, limit=0.9).values()) <= 9000
    with pytest.raises(InputError, match="layer_limit"):
        erk(layers(VGG), 0.99, limit=0.95)
