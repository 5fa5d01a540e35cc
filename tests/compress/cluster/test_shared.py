import pytest
import torch
from torch import nn

from edgecompress.compress.cluster.codebook import find_codebook
from edgecompress.compress.cluster.members import Members
from edgecompress.compress.cluster.shared import SharedWeight


def shared(
    *weights: torch.Tensor, bits: int = 2, dtype: str = "float32", group_size: int | None = None
) -> SharedWeight:
    members = Members({str(number): nn.Parameter(weight) for number, weight in enumerate(weights)}, group_size)
    return SharedWeight(members, find_codebook(members, bits=bits, method="kmeans", seed=1, dtype=dtype), dtype=dtype)


def test_zeros_stay_zeros_and_every_other_weight_takes_its_nearest_centroid(sparse):
    weight = sparse(8, 4, 3, 3)
    layer = shared(weight.clone(), bits=3)
    (written,) = layer.members.weights
    assert torch.equal(written == 0, weight == 0)
    assert len(layer.centroids) == 8
    nearest = layer.centroids[(weight[..., None] - layer.centroids).abs().argmin(-1)]
    assert torch.equal(written[weight != 0], nearest[weight != 0])


@pytest.mark.parametrize("group_size", [None, 2, 5])
def test_the_centroids_gradient_is_autograd_s(sparse, group_size):
    weight = sparse(6, 5)
    layer = shared(weight.clone(), group_size=group_size)
    (written,) = layer.members.weights
    inputs, targets = torch.randn(7, 5), torch.randn(7, 6)
    ((inputs @ written.T - targets) ** 2).sum().backward()
    layer.collect()
    # The same network with the centroids as leaves of the graph.
    leaves = layer.centroids.detach().clone().requires_grad_()
    kept = torch.nonzero(weight.reshape(-1)).view(-1)
    rebuilt = torch.zeros(30).index_put((kept,), leaves[layer.indices]).view(6, 5)
    ((inputs @ rebuilt.T - targets) ** 2).sum().backward()
    assert torch.allclose(layer.centroids.grad, leaves.grad, rtol=1e-5)


def test_layers_that_share_sum_their_gradients(sparse):
    first, second = sparse(6, 5), sparse(3, 6, seed=2)
    layer = shared(first.clone(), second.clone())
    inputs = torch.randn(7, 5)
    loss = lambda a, b: ((inputs @ a.T).tanh() @ b.T).square().sum()  # noqa: E731
    loss(*layer.members.weights).backward()
    layer.collect()
    leaves = layer.centroids.detach().clone().requires_grad_()
    flat = torch.cat([first.reshape(-1), second.reshape(-1)])
    rebuilt = torch.zeros(48).index_put((torch.nonzero(flat).view(-1),), leaves[layer.indices])
    loss(rebuilt[:30].view(6, 5), rebuilt[30:].view(3, 6)).backward()
    assert torch.allclose(layer.centroids.grad, leaves.grad, rtol=1e-5)
    assert len(torch.unique(torch.cat([weight.reshape(-1) for weight in layer.members.weights]))) == 5


def test_float16_centroids_are_float16_numbers_and_none_becomes_zero():
    layer = shared(torch.tensor([1e-9, -1e-9, 0.1, 1 / 3]), dtype="float16")
    values = layer.members.values()
    assert torch.equal(values, values.half().float())
    assert len(values) == 4


def test_a_centroid_that_training_moves_across_zero_never_becomes_one():
    layer = shared(torch.tensor([0.5, -0.5, 0.25, 0.0]), dtype="float16")
    with torch.no_grad():
        layer.centroids[0] = 0.0
    layer.finish()
    assert int(torch.count_nonzero(layer.members.weights[0])) == 3


def test_a_layer_of_zeros_a_layer_of_one_value_and_a_layer_of_one_element():
    assert not shared(torch.zeros(3, 3)).members.weights[0].any()
    assert shared(torch.full((4,), 0.3)).members.weights[0].tolist() == pytest.approx([0.3] * 4)
    assert shared(torch.tensor([[-0.7]])).members.weights[0].tolist() == [[pytest.approx(-0.7)]]
