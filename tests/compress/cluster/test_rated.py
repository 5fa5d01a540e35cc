import numpy as np
import pytest
import torch
from scipy.stats import entropy
from torch import nn

from edgecompress.compress.cluster.codebook import find_codebook
from edgecompress.compress.cluster.members import Members
from edgecompress.compress.cluster.rated import LEVEL_BITS, RatedWeight


def made(weight, importance=None, *, bits=2, dtype="float32") -> RatedWeight:
    members = Members({"a": nn.Parameter(weight.clone())})
    book = find_codebook(members, bits=bits, method="kmeans", seed=1, dtype=dtype)
    return RatedWeight(members, book, torch.ones_like(weight) if importance is None else importance, dtype=dtype)


def test_bits_are_the_entropy_of_all_weights_and_the_levels(sparse):
    weight = sparse(30, 20)
    layer = made(weight)
    counts = np.unique(layer.members.weights[0].detach().numpy(), return_counts=True)[1]
    assert layer.bits() == pytest.approx(600 * entropy(counts, base=2) + 4 * LEVEL_BITS)


def test_without_a_price_the_nearest_level_is_taken(sparse):
    layer = made(sparse(30, 20), torch.rand(30, 20))
    distances = (layer.latent.detach()[:, None] - layer.levels[1:]).abs()
    assert torch.equal(layer.cheapest(0.0).long(), distances.argmin(1) + 1)


@pytest.mark.parametrize("slope", [1e-3, 0.02, 0.3])
def test_each_weight_takes_the_level_of_least_error_and_bits(sparse, slope):
    importance = torch.rand(30, 20, generator=torch.Generator().manual_seed(2))
    weight = sparse(30, 20)
    layer = made(weight, importance, bits=3)
    latent, levels = weight[weight != 0].double(), layer.levels.double()
    own = importance[weight != 0].double()
    own = 0.9 * own + 0.1 * own.mean()
    codes = -torch.log2(layer.counts().double() / weight.numel())
    cost = own[:, None] * (latent[:, None] - levels) ** 2 + slope * codes
    taken = cost.gather(1, layer.cheapest(slope).long()[:, None])[:, 0]
    assert torch.allclose(taken, cost.min(1).values, rtol=1e-5, atol=1e-9)


def test_a_higher_price_makes_more_zeros_and_at_last_nothing_else(sparse):
    layer = made(sparse(40, 40))
    zeros = [int((layer.cheapest(slope) == 0).sum()) for slope in (0.0, 0.4, 1.0, 100.0)]
    assert zeros == sorted(set(zeros))
    assert zeros[0] == 0
    assert zeros[-1] == len(layer.members)


def test_levels_are_the_means_of_what_takes_them_by_importance(sparse):
    weight = sparse(30, 20)
    importance = torch.rand(30, 20, generator=torch.Generator().manual_seed(2))
    layer = made(weight, importance)
    layer.take(layer.cheapest(0.05))
    layer.write()
    own = importance[weight != 0]
    own = 0.9 * own + 0.1 * own.mean()
    for level in range(1, 5):
        mine = layer.labels == level
        expected = np.average(weight[weight != 0][mine], weights=own[mine])
        assert float(layer.levels[level]) == pytest.approx(float(expected), rel=1e-5)
    assert set(torch.unique(layer.members.weights[0]).tolist()) <= set(layer.levels.tolist())


def test_the_gradient_of_a_level_reaches_each_of_its_weights_and_zeros_come_back(sparse):
    weight = sparse(30, 20)
    layer = made(weight)
    layer.take(layer.cheapest(0.5))
    layer.write()
    (written,) = layer.members.weights
    gone = (layer.labels == 0).nonzero()[0, 0]
    gradient = torch.randn(30, 20, generator=torch.Generator().manual_seed(3))
    written.grad = gradient.clone()
    layer.collect()
    assert torch.equal(layer.latent.grad, gradient[weight != 0])
    with torch.no_grad():
        layer.latent[gone] = 2 * weight.max()
    assert layer.cheapest(0.5)[gone] != 0
    assert torch.equal((written != 0) & (weight == 0), torch.zeros(30, 20, dtype=torch.bool))


@pytest.mark.parametrize("weight", [torch.zeros(3, 4), torch.tensor([[0.5, 0.0, 0.5]])], ids=["zeros", "one value"])
def test_a_layer_without_choice_stays(weight):
    layer = made(weight, dtype="float16")
    layer.take(layer.cheapest(0.0))
    layer.write()
    assert torch.equal(layer.members.weights[0], weight)
    assert layer.bits() == pytest.approx(0.0 if not weight.any() else LEVEL_BITS + 3 * entropy([1, 2], base=2))


def test_weights_that_do_not_matter_become_zero(sparse):
    layer = made(sparse(30, 20), torch.zeros(30, 20))
    assert not layer.cheapest(1e-6).any()


def test_levels_are_values_that_float16_has(sparse):
    layer = made(sparse(30, 20), dtype="float16")
    values = layer.members.weights[0]
    assert torch.equal(values, values.half().float())


def test_levels_that_nothing_takes_do_not_coarsen_the_step_of_the_others(sparse):
    layer = made(sparse(30, 20), dtype="int8")
    before = layer.members.weights[0].clone()
    last = layer.labels == len(layer.levels) - 1
    layer.labels[last] -= 1
    layer.levels[-1] = 1000.0
    layer.write()
    assert 1000.0 in layer.levels
    assert 0 < torch.unique(layer.members.weights[0].abs())[1] <= 2 * before.abs().max()
