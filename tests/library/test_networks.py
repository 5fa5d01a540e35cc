import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import prune as torch_prune

import edgecompress as ec
from edgecompress.errors import InputError


@pytest.fixture
def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 36, 10))


def weights(net):
    return [net[0].weight, net[4].weight]


def test_pruning_is_that_of_torch(net):
    wanted = copy.deepcopy(net)
    layers = [(wanted[0], "weight"), (wanted[4], "weight")]
    torch_prune.global_unstructured(layers, torch_prune.L1Unstructured, amount=0.8)
    before = copy.deepcopy(net.state_dict())
    assert ec.prune_(net, 0.8) is net
    assert all(torch.equal(one, two) for one, two in zip(weights(net), weights(wanted), strict=True))
    assert all(
        torch.equal(net.state_dict()[name], before[name]) for name in before if name not in ("0.weight", "4.weight")
    )


def test_layers_alike_and_pairs_of_channels(net):
    ec.prune_(net, 0.75, scope="layer", pattern="2x1")
    for weight in weights(net):
        assert (weight == 0).float().mean() == pytest.approx(0.75, abs=0.01)
        pairs = weight.detach().flatten(1).unflatten(0, (-1, 2))
        assert torch.equal(pairs[:, 0] == 0, pairs[:, 1] == 0)


def test_clustered_weights_are_few_and_zeros_stay(net):
    ec.prune_(net, 0.5)
    zeros = [weight == 0 for weight in weights(net)]
    before = [weight.detach().clone() for weight in weights(net)]
    assert ec.cluster_(net, bits=3) is net
    for weight, zero, was in zip(weights(net), zeros, before, strict=True):
        assert torch.equal(weight == 0, zero)
        assert len(weight.unique()) == 9
        assert torch.mean((weight - was) ** 2) < 0.02 * torch.var(was)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda net: ec.prune_(net, 1.5), "sparsity"),
        (lambda net: ec.prune_(net, criterion="taylor"), "while a network trains"),
        (lambda net: ec.prune_(net, criterion="magnitud"), "did you mean 'magnitude'"),
        (lambda net: ec.cluster_(net, 9), "bits"),
        (lambda net: ec.prune_(net[2]), "ReLU has no layer that can be compressed"),
        (lambda net: ec.prune_(_broken(net)), "'4.bias' of Sequential is NaN"),
    ],
)
def test_a_wrong_argument_is_one_line(net, wrong, said):
    with pytest.raises(InputError, match=said) as caught:
        wrong(net)
    assert "\n" not in str(caught.value)


def _broken(net):
    nn.init.constant_(net[4].bias, float("nan"))
    return net
