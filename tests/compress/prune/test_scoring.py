import pytest
import torch

from edgecompress import methods
from edgecompress.compress.prune.scoring import CRITERIA, Scoring, accumulates
from edgecompress.errors import InputError
from edgecompress.testing import check_criterion


@pytest.mark.parametrize("name", methods.choices(CRITERIA))
def test_every_criterion_keeps_its_contract(name):
    check_criterion(methods.find(CRITERIA, name))


@pytest.mark.parametrize("name", methods.choices(CRITERIA))
def test_asking_for_scores_changes_neither_weights_nor_answers(name):
    shapes = {"convolution": (4, 2, 3, 3), "signal": (4, 2, 5), "linear": (3, 4), "one": (1, 1)}
    weights = {layer: torch.nn.Parameter(torch.randn(shape)) for layer, shape in shapes.items()}
    scoring = Scoring(weights, name, seed=1)
    before = {layer: weight.detach().clone() for layer, weight in weights.items()}
    for weight in weights.values():
        weight.grad = torch.randn(weight.shape)
    scoring.collect()
    for layer, weight in weights.items():
        scores = scoring.layer(layer)
        assert torch.equal(weight, before[layer])
        assert torch.equal(scores, scoring.layer(layer)), "asking does not change the answer"
    assert bool(scoring.accumulated) == accumulates(name)


def test_drawn_scores_differ_by_layer_and_seed_and_by_nothing_else():
    weights = {"a": torch.zeros(30, 2), "b": torch.ones(30, 2)}
    drawn = [Scoring(weights, "random", seed).layer(layer) for seed, layer in [(1, "a"), (1, "b"), (2, "a")]]
    assert not any(torch.equal(x, y) for i, x in enumerate(drawn) for y in drawn[:i])
    assert torch.equal(Scoring({"a": torch.ones(30, 2)}, "random", 1).layer("a"), drawn[0])


def test_sums_are_float32_and_laid_out_as_their_weights():
    weight = torch.randn(4, 3, 3, 3).contiguous(memory_format=torch.channels_last).bfloat16()
    (score,) = Scoring({"w": weight}, "movement", 1).accumulated.values()
    assert score.dtype == torch.float32
    assert score.is_contiguous(memory_format=torch.channels_last)


def test_a_misspelt_criterion_gets_the_choices():
    with pytest.raises(InputError, match="magnitude, movement, random, taylor"):
        accumulates("tailor")
