import pytest
import torch
from torch import nn
from torch.nn import functional

from edgecompress.compress.prune.criteria.taylor import MEMORY, taylor


def test_one_batch_scores_the_change_of_the_loss_to_first_order():
    torch.manual_seed(0)
    layer = nn.Linear(6, 4).double()
    x, y = torch.randn(32, 6, dtype=torch.float64), torch.randint(0, 4, (32,))
    loss = functional.cross_entropy(layer(x), y)
    (gradient,) = torch.autograd.grad(loss, layer.weight)
    scores = taylor(layer.weight, gradient=gradient, score=torch.zeros(4, 6))
    # The loss where a weight is a little nearer to zero says how much it changes, by no formula of ours.
    step = 1e-6
    for place in [(0, 0), (3, 5), (2, 1)]:
        moved = layer.weight.detach().clone()
        moved[place] *= 1 - step
        change = functional.cross_entropy(functional.linear(x, moved, layer.bias), y) - loss
        assert float(scores[place]) == pytest.approx(abs(change.item()) / step, rel=1e-3)
    assert not scores.requires_grad


def test_batches_are_averaged_and_old_ones_fade():
    weight = torch.tensor([2.0, -2.0])
    score = torch.zeros(2)
    gradients = [torch.tensor([1.0, 3.0]), torch.tensor([-1.0, 0.0]), torch.tensor([0.5, 0.5])]
    for gradient in gradients:
        score = taylor(weight, gradient=gradient, score=score)
    fade = torch.tensor([[MEMORY**2], [MEMORY], [1.0]])
    assert torch.allclose(score, (fade * torch.stack(gradients).abs() * 2).sum(0))
