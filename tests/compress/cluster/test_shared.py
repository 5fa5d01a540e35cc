import numpy as np
import pytest
import torch
from torch import nn

from edgecompress.compress.cluster.shared import SharedWeight
from edgecompress.errors import CheckError, InputError


def shared(weight: torch.Tensor, bits: int = 2, dtype: str = "float32", method: str = "kmeans") -> SharedWeight:
    return SharedWeight("conv", nn.Parameter(weight), bits=bits, method=method, dtype=dtype)


def sparse(*shape: int) -> torch.Tensor:
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    weight[weight.abs() < 0.8] = 0
    return weight


def test_zeros_stay_zeros_and_every_other_weight_takes_its_nearest_centroid():
    weight = sparse(8, 4, 3, 3)
    layer = shared(weight.clone(), bits=3)
    values = layer.weight.detach().numpy()
    assert np.array_equal(values == 0, weight.numpy() == 0)
    centroids = layer.centroids.detach().numpy()
    assert len(centroids) == 8
    nearest = centroids[np.abs(weight.numpy()[..., None] - centroids).argmin(-1)]
    assert np.array_equal(values[values != 0], nearest[weight.numpy() != 0])


def test_the_centroids_gradient_is_autograd_s():
    weight = sparse(6, 5)
    layer = shared(weight.clone())
    inputs, targets = torch.randn(7, 5), torch.randn(7, 6)
    ((inputs @ layer.weight.T - targets) ** 2).sum().backward()
    layer.collect()
    # The same network with the centroids as leaves of the graph.
    leaves = layer.centroids.detach().clone().requires_grad_()
    rebuilt = torch.zeros(30).index_put((layer.positions,), leaves[layer.indices]).view(6, 5)
    ((inputs @ rebuilt.T - targets) ** 2).sum().backward()
    assert torch.allclose(layer.centroids.grad, leaves.grad, rtol=1e-5)


def test_float16_centroids_are_float16_numbers_and_none_becomes_zero():
    layer = shared(torch.tensor([1e-9, -1e-9, 0.1, 1 / 3]), dtype="float16")
    values = layer.weight.detach()
    assert torch.equal(values, values.half().float())
    assert int(torch.count_nonzero(values)) == 4


def test_a_centroid_that_training_moves_across_zero_never_becomes_one():
    layer = shared(torch.tensor([0.5, -0.5, 0.25, 0.0]), dtype="float16")
    with torch.no_grad():
        layer.centroids[0] = 0.0
    layer.write()
    assert int(torch.count_nonzero(layer.weight)) == 3


def test_a_channels_last_weight_keeps_its_layout_and_its_order():
    weight = sparse(8, 4, 3, 3)
    contiguous, last = shared(weight.clone()), shared(weight.clone().contiguous(memory_format=torch.channels_last))
    assert torch.equal(contiguous.weight, last.weight)
    assert last.weight.is_contiguous(memory_format=torch.channels_last)


def test_a_layer_of_zeros_and_a_layer_of_one_value():
    assert int(torch.count_nonzero(shared(torch.zeros(3, 3)).weight)) == 0
    assert shared(torch.full((4,), 0.3)).centroids.tolist() == pytest.approx([0.3])


@pytest.mark.parametrize(
    ("weight", "dtype", "message"),
    [
        (torch.tensor([1.0, float("nan")]), "float32", "NaN"),
        (torch.tensor([1.0, float("inf")]), "float32", "infinite"),
        (torch.tensor([1.0, 1e6]), "float16", "float32"),
    ],
)
def test_what_cannot_be_clustered_is_named(weight, dtype, message):
    with pytest.raises(CheckError, match=message):
        shared(weight, dtype=dtype)


def test_an_unknown_method_lists_the_choices():
    with pytest.raises(InputError, match="did you mean 'kmeans'"):
        shared(torch.ones(3), method="k-means")
