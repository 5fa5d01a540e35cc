import pytest
import torch
from torch import nn

from edgecompress.compress.cluster import soft
from edgecompress.compress.cluster.codebook import find_codebook
from edgecompress.compress.cluster.members import Members
from edgecompress.compress.cluster.soft import SoftWeight


def made(weight, *, bits=2, dtype="float32", group_size=None, temperature=0.5, final=0.1) -> SoftWeight:
    members = Members({"a": nn.Parameter(weight.clone())}, group_size)
    book = find_codebook(members, bits=bits, method="kmeans", seed=1, dtype=dtype)
    return SoftWeight(members, book, dtype=dtype, temperature=temperature, final=final)


def mixture(latent, centroids, temperature):
    """The last iteration and the mixtures, as the paper writes them, in one graph."""
    attend = lambda c: torch.softmax(-(latent[:, None] - c[None, :]).abs() / temperature, 1)  # noqa: E731
    attention = attend(centroids)
    means = (attention * latent[:, None]).sum(0) / attention.sum(0)
    return attend(means) @ means


def test_before_training_the_weights_are_hard(sparse):
    weight = sparse(6, 5)
    layer = made(weight)
    (written,) = layer.members.weights
    assert torch.equal(written == 0, weight == 0)
    assert len(torch.unique(written)) == 5
    before = written.detach().clone()
    layer.finish()
    assert torch.equal(written, before)


@pytest.mark.parametrize("part", [4, 1 << 16])
def test_weights_and_gradients_are_those_of_one_graph(sparse, monkeypatch, part):
    monkeypatch.setattr(soft, "_PART", part)
    weight = sparse(6, 5)
    layer = made(weight)
    layer.write(0.0)
    (written,) = layer.members.weights
    target = torch.randn(6, 5)
    (written - target).square().sum().backward()
    layer.collect()
    latent = weight[weight != 0].clone().requires_grad_()
    gaps = find_codebook(Members({"a": nn.Parameter(weight)}), bits=2, method="kmeans", seed=1, dtype="float32")
    temperature = 0.5 * float(gaps.centroids.diff().median())
    seen = mixture(latent, layer.centroids.detach(), temperature)
    assert torch.allclose(written[weight != 0], seen, atol=1e-6)
    (seen - target[weight != 0]).square().sum().backward()
    assert torch.allclose(layer.latent.grad, latent.grad, rtol=1e-4, atol=1e-6)
    assert written.grad is None
    assert layer.centroids.grad is None


def test_iterated_centroids_come_to_rest_where_one_more_iteration_moves_nothing(sparse):
    layer = made(sparse(20, 20))
    for _ in range(200):
        layer.write(0.0)
    before = layer.centroids.detach().clone()
    layer.write(0.0)
    assert torch.allclose(layer.centroids, before, atol=1e-5)


def test_groups_do_not_see_each_other(sparse):
    weight = sparse(6, 5)
    both = made(weight, group_size=3)
    both.write(0.5)
    for rows in (slice(0, 3), slice(3, 6)):
        alone = made(weight[rows])
        alone.write(0.5)
        assert torch.allclose(both.members.weights[0][rows], alone.members.weights[0], atol=1e-6)


def test_a_low_temperature_is_hard_already(sparse):
    layer = made(sparse(9, 9), temperature=1e-3)
    layer.write(0.0)
    mixed = layer.members.values()
    layer.finish()
    assert torch.allclose(mixed, layer.members.values(), atol=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_ends_with_as_many_centroids_as_bits_allow_each_weight_with_the_nearest(sparse, dtype):
    weight = sparse(30, 30)
    layer = made(weight, bits=3, dtype=dtype)
    layer.write(1.0)
    with torch.no_grad():
        layer.latent += 0.05 * torch.randn(len(layer.latent), generator=torch.Generator().manual_seed(0))
    layer.finish()
    (written,) = layer.members.weights
    assert torch.equal(written == 0, weight == 0)
    values = torch.unique(written[written != 0])
    assert len(values) == 8
    assert torch.equal(values, values.half().float()) == (dtype != "float32")
    distances = (layer.latent.detach()[:, None] - values).abs()
    taken = (layer.latent.detach() - layer.members.values()).abs()
    rounding = {"float32": 1e-6, "float16": 1e-3, "int8": 2 * float(values.detach().abs().max()) / 64}[dtype]
    assert torch.all(taken <= distances.min(1).values + rounding)


def test_a_layer_of_zeros_and_a_layer_of_one_value():
    for weight in (torch.zeros(3, 3), torch.full((2, 2), 0.25)):
        layer = made(weight)
        layer.write(0.5)
        layer.members.weights[0].sum().backward()
        layer.collect()
        assert bool(torch.isfinite(layer.latent.grad).all())
        layer.finish()
        assert torch.allclose(layer.members.weights[0], weight)
