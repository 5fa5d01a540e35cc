import numpy as np
import pytest

from edgecompress.compress.prune.scopes.contract import ScoredLayer
from edgecompress.compress.prune.scopes.lamp import lamp
from edgecompress.errors import InputError


def layers(*scores) -> dict[str, ScoredLayer]:
    return {str(i): ScoredLayer(np.array(each, dtype=np.float32), (1, len(each))) for i, each in enumerate(scores)}


def by_definition(*scores) -> list[tuple[float, int]]:
    """Every weight's LAMP score and layer, from the formula, weight by weight."""
    return [
        (value**2 / sum(float(other) ** 2 for other in each if other >= value), i)
        for i, each in enumerate(scores)
        for value in map(float, each)
    ]


@pytest.mark.parametrize("sparsity", [0.0, 0.2, 0.5, 0.8, 0.95])
def test_counts_are_those_of_the_formula(sparsity):
    generator = np.random.default_rng(2)
    scores = [abs(generator.normal(size=n)) * scale for n, scale in [(40, 1), (100, 0.01), (60, 50)]]
    lowest = sorted(by_definition(*[s.astype(np.float32) for s in scores]))[: round(sparsity * 200)]
    expected = {str(i): sum(layer == i for _, layer in lowest) for i in range(3)}
    assert lamp(layers(*scores), sparsity, limit=1.0) == expected


def test_the_scale_of_a_layer_does_not_matter_and_none_is_emptied():
    values = np.random.default_rng(0).random(50)
    for scale in (1e-30, 1.0, 1e30):
        assert lamp(layers(values, values * scale), 0.96, limit=1.0) == {"0": 48, "1": 48}
    assert max(lamp(layers([1e-9] * 4, [1.0] * 40), 42 / 44, limit=1.0).values()) == 39


def test_pruned_weights_go_first():
    assert lamp(layers([-np.inf, 0.1, 5.0], [-np.inf, -np.inf]), 3 / 5, limit=1.0) == {"0": 1, "1": 2}


def test_negative_scores_have_no_squares_to_compare():
    with pytest.raises(InputError, match="choose another scope"):
        lamp(layers([1.0, 2.0], [-1.0, 3.0]), 0.5, limit=1.0)
