import torch

from edgecompress.compress.prune.criteria.movement import movement


def test_the_score_is_the_gradient_of_a_mask_as_in_the_paper():
    """There, scores are trained through a mask of ones with a straight-through gradient, by descent of rate 1."""
    generator = torch.Generator().manual_seed(0)
    score, by_autograd = torch.zeros(4, 3), torch.zeros(4, 3)
    weight = torch.randn(4, 3, generator=generator, requires_grad=True)
    for _ in range(5):
        x = torch.randn(8, 3, generator=generator)
        mask = torch.ones(4, 3, requires_grad=True)
        loss = (x @ (weight * mask).T).square().mean()
        of_weight, of_mask = torch.autograd.grad(loss, [weight, mask])
        score = movement(weight, gradient=of_weight, score=score)
        by_autograd -= of_mask
        with torch.no_grad():
            weight -= 0.1 * of_weight
    assert torch.allclose(score, by_autograd, atol=1e-6)
    assert not score.requires_grad
