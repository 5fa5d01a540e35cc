import torch
from scipy.stats import kstest

from edgecompress.compress.prune.criteria.random import random


def test_scores_are_even_and_know_nothing_of_the_weights():
    weight = torch.linspace(0, 1, 10_000).view(100, 100)
    scores = random(weight, generator=torch.Generator().manual_seed(3))
    assert scores.shape == weight.shape
    assert kstest(scores.ravel().numpy(), "uniform").pvalue > 0.01
    assert abs(float(torch.corrcoef(torch.stack([scores.ravel(), weight.ravel()]))[0, 1])) < 0.03


def test_the_generator_alone_decides():
    draw = lambda seed: random(torch.zeros(50), generator=torch.Generator().manual_seed(seed))  # noqa: E731
    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))
