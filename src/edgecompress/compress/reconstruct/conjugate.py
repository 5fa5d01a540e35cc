"""Conjugate gradients for all outputs of a layer at once, each restricted to the weights that it keeps.

Hestenes & Stiefel, "Methods of conjugate gradients for solving linear systems", 1952, with the diagonal as
preconditioner. The error falls with every step, so a result is better than its start wherever the steps end.
"""

import torch


def conjugate_gradients(
    hessian: torch.Tensor,
    linear: torch.Tensor,
    keep: torch.Tensor,
    start: torch.Tensor,
    *,
    steps: int,
    tolerance: float,
) -> torch.Tensor:
    """The least of ``w H w^T - 2 b w^T`` over weights that are zero wherever ``keep`` is false.

    Args:
        hessian: positive definite, shape (features, features).
        linear: ``b`` of each output, shape (outputs, features).
        keep: boolean, of that shape.
        start: the weights to begin with, of that shape; zero where nothing is kept.
        steps: at most.
        tolerance: on the gradient, as a fraction of what it was at zero.

    Returns:
        The weights, of that shape and precision.
    """
    inverse = hessian.diagonal().reciprocal()
    weight = start.clone()
    residual = (linear - weight @ hessian).mul_(keep)
    direction = residual * inverse
    gain = (residual * direction).sum(1)
    enough = tolerance**2 * ((linear * keep).square() * inverse).sum(1)
    for _ in range(steps):
        moving = gain > enough
        if not bool(moving.any()):
            break
        ahead = (direction @ hessian).mul_(keep)
        curvature = (direction * ahead).sum(1)
        length = torch.where(moving, gain / curvature, 0.0)[:, None]
        weight.addcmul_(length, direction)
        residual.addcmul_(length, ahead, value=-1.0)
        scaled = residual * inverse
        after = (residual * scaled).sum(1)
        direction = scaled.addcmul_(torch.where(moving, after / gain, 0.0)[:, None], direction)
        gain = after
    return weight
